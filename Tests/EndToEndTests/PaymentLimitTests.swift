import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing
import Web

extension WholeStackTests {
    /// The limits of attempts to pay, by two processes of `orderd serve` behind nginx.
    @Suite("Limits of attempts to pay")
    struct PaymentLimitTests {
        /// Those of attempts are as where no setting says otherwise.
        private static let limits = [
            "PAYMENT_LIMIT_CUSTOMER_HOUR": "5", "PAYMENT_LIMIT_CUSTOMER_DAY": "20",
            "PAYMENT_LIMIT_ADDRESS_HOUR": "10", "LIMIT_PROCESSES": "2",
            // A hundred at once keep a small machine so busy that its Redis would seem to be away, and
            // each process would admit by its own count.
            "REDIS_TIMEOUT": "10s",
        ]

        /// A stack with a second `serve`, and an nginx before both that believes this machine what
        /// it says of clients' addresses.
        private final class Shop {
            let stack: StackUnderTest
            let nginx: ShippedNginx
            private let second: ChildProcess

            init() throws {
                stack = try StackUnderTest(settings: PaymentLimitTests.limits)
                try stack.stockUp()
                let sockets = [
                    try stack.setting("LISTEN"), "unix:\(stack.runDirectory)/second.sock",
                ]
                let script = """
                    set -a; source "$RUN_DIR/settings"; set +a
                    LISTEN=$1 exec "$0" serve 2>"$RUN_DIR/log/second.log"
                    """
                second = try ChildProcess(
                    "/usr/bin/env",
                    stack.settings + ["/bin/bash", "-c", script, StackUnderTest.orderd, sockets[1]]
                )
                let database = stack.openDatabase()
                defer { database.close() }
                try #require(eventually { (try? Self.serving(database)) == 2 })
                nginx = try ShippedNginx(
                    ["NGINX_SERVERS": sockets.joined(separator: " ")],
                    include: ShippedNginx.realAddresses(),
                    before: []
                )
            }

            deinit { second.end() }

            /// How many processes serve, by their own reports.
            private static func serving(_ database: Database) throws -> Int {
                try database.query(
                    "SELECT COUNT(*) AS number FROM process_reports WHERE kind = 'serve'",
                    until: .after(.seconds(10))
                ).first?.int("number") ?? 0
            }

            /// The answers to a completion of each checkout, all at once, each from an address of
            /// its own.
            func completeAtOnce(_ checkouts: [ReadyCheckout], net: Int) throws -> [HTTPAnswer] {
                let port = nginx.port
                return try checkouts.enumerated().map { number, checkout in
                    Companion {
                        try HTTPConnection(port: port).send(
                            checkout.completion().from("10.\(net).0.\(number)")
                        )
                    }
                }.map { try $0.join() }
            }
        }

        @Test("admit exactly five of a hundred at once, and each its share while Redis is away")
        func hundred() async throws {
            try await onOwnThread {
                let shop = try Shop()
                let database = shop.stack.openDatabase()
                defer { database.close() }
                let shopper = shop.stack.shopper()
                // One person, whatever the spelling.
                let ana = try (0..<100).map { number in
                    try shopper.prepare(
                        email: number % 2 == 0 ? "ana@example.ro" : "Ana@Example.RO"
                    )
                }
                let ion = try (0..<100).map { _ in try shopper.prepare(email: "ion@example.ro") }
                let answers = try shop.completeAtOnce(ana, net: 1)
                #expect(answers.count { $0.status == 201 } == 5)
                let refused = answers.filter { $0.status == 429 }
                #expect(refused.count == 95)
                #expect(refused.allSatisfy { $0.json?["code"] == "rate_limited" })
                #expect(refused.allSatisfy { $0.field("Retry-After") != nil })

                try shop.stack.stop(.redis)
                let strict = try shop.completeAtOnce(ion, net: 2)
                // Half of five, rounded up, in each of the two.
                #expect(strict.count { $0.status == 201 } == 6)
                #expect(strict.count { $0.status == 429 } == 94)
                let orders = try database.query(
                    "SELECT email, COUNT(*) AS number FROM orders GROUP BY email ORDER BY email",
                    until: .after(.seconds(10))
                )
                #expect(try orders.map { try $0.int("number") } == [5, 6])
            }
        }

        @Test("count the real client: no header of his own, and an IPv6 one by its /64")
        func addresses() async throws {
            try await onOwnThread {
                let shop = try Shop()
                var people = 0
                func status(_ forwarded: String, at port: UInt16) throws -> Int {
                    people += 1
                    let checkout = try shop.stack.shopper().prepare(email: "p\(people)@example.ro")
                    let call = checkout.completion().from(forwarded)
                    return try HTTPConnection(port: port).send(call).status
                }
                // Straight from the client, who writes what he likes.
                for number in 0..<12 {
                    let forged = try status("198.51.100.\(number)", at: shop.stack.port)
                    #expect(forged == (number < 10 ? 201 : 429))
                }
                // From a proxy that is named: what stands left of the client is his own writing.
                for number in 0..<12 {
                    let real = try status("203.0.113.\(number), 198.51.100.7", at: shop.nginx.port)
                    #expect(real == (number < 10 ? 201 : 429))
                }
                #expect(try status("198.51.100.8", at: shop.nginx.port) == 201)
                for number in 0..<12 {
                    let host = "2001:db8:1:2:\(number)::\(number + 1)"
                    #expect(try status(host, at: shop.nginx.port) == (number < 10 ? 201 : 429))
                }
                #expect(try status("2001:db8:1:3::1", at: shop.nginx.port) == 201)
            }
        }

        @Test("end a payment on which too many cards were tried")
        func cards() async throws {
            try await onOwnThread {
                let shop = try Shop()
                let shopper = shop.stack.shopper()
                let order = try shopper.complete(shopper.prepare())
                let secret = order.clientSecret
                let card = "pm_card_chargeDeclined"
                func confirm(_ card: String) throws -> Int {
                    let call = try #require(PlacedOrder.confirmation(of: secret, card: card))
                    return try shop.stack.connectToSimulator().send(call).status
                }
                for _ in 0..<5 { #expect(try confirm(card) == 402) }
                let isCancelled = try eventually(within: .seconds(20)) {
                    let intents = try shop.stack.simulatorState()["paymentIntents"]?.array
                    return intents?.first?["status"] == "canceled"
                }
                #expect(isCancelled)
                #expect(try confirm("pm_card_visa") == 400)
                // Until the worker has heard of the end, the payment that was is answered.
                func ask() throws -> HTTPAnswer {
                    let path = "/v1/orders/\(order.id)/payments"
                    let call = HTTPCall.json("POST", path, [:], token: order.guestToken)
                    return try shopper.connection.send(
                        call.with("Idempotency-Key", UUID().uuidString)
                    )
                }
                #expect(try eventually(within: .seconds(20)) { try ask().status == 429 })
                let answer = try ask()
                let wait = try #require(answer.field("Retry-After").flatMap { Int($0) })
                #expect((1...3_600).contains(wait) && answer.json?["code"] == "rate_limited")
            }
        }
    }
}
