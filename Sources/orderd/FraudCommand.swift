import ArgumentParser
import MariaDB
import OrderService
import Resilience
import Web

/// `orderd fraud`: why orders were let through, held or rejected.
struct FraudCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fraud",
        abstract: "Explain the decisions of the fraud checks.",
        subcommands: [Explain.self]
    )

    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every decision about an order with its inputs and reasons.",
            discussion: """
                What was known then is printed, and the weights of then; nobody's name or address \
                is among it. Reviews follow, with who decided and why.
                """
        )

        @Argument(help: "The order's id, or its number such as RO-7Q4K-92MX-3.")
        var order: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let explanation = try Startup.services().fraudExplanation
            let told = try Startup.orFail {
                try explanation.explain(order, until: .after(Startup.patience))
            }
            guard let told else {
                printError("there is no order \(order)")
                throw ExitCode.failure
            }
            if json {
                print(String(decoding: told.serialized(), as: UTF8.self))
                return
            }
            print(
                "order \(Self.text(told["orderId"])) \(Self.text(told["orderNumber"])): "
                    + "\(Self.text(told["orderStatus"])), \(Self.text(told["paymentStatus"]))"
            )
            let decisions = told["decisions"]?.array ?? []
            if decisions.isEmpty { print("no decision is on record") }
            for decision in decisions { Self.tell(decision: decision) }
            for review in told["reviews"]?.array ?? [] { Self.tell(review: review) }
        }

        private static func tell(decision: JSON) {
            var line = "\(text(decision["decidedAt"]))  \(text(decision["stage"])): "
            line += "\(text(decision["outcome"])), score \(text(decision["score"]))"
            line += " (review from \(text(decision["reviewScore"]))"
            if decision["blockScore"]?.integer != nil {
                line += ", block from \(text(decision["blockScore"]))"
            }
            print(line + ", rules of version \(text(decision["version"])))")
            for reason in decision["reasons"]?.array ?? [] {
                print(
                    "  +\(text(reason["weight"])) \(text(reason["rule"])): "
                        + "\(text(reason["value"])) of \(text(reason["threshold"])) "
                        + "\(text(reason["unit"])). \(text(reason["reason"]))"
                )
            }
            for input in decision["inputs"]?.members ?? [] {
                print("  \(input.name) = \(text(input.value))")
            }
        }

        private static func tell(review: JSON) {
            var line = "review \(text(review["id"])): \(text(review["state"])), opened "
            line += text(review["openedAt"])
            if review["decidedAt"]?.string != nil {
                line += ", decided \(text(review["decidedAt"])) by \(text(review["decidedBy"])): "
                line += text(review["reason"])
            } else if review["dueAt"]?.string != nil {
                line += ", due \(text(review["dueAt"]))"
            }
            print(line)
        }

        private static func text(_ value: JSON?) -> String {
            guard let value, !value.isNull else { return "-" }
            return value.string ?? String(decoding: value.serialized(), as: UTF8.self)
        }
    }
}
