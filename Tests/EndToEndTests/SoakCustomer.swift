import Foundation
import OrderServiceTesting
import Synchronization
import Web

/// How a customer of the soak goes about buying.
enum SoakHabit: String, CaseIterable {
    case pays
    /// Clicks twice on the button that completes.
    case clicksTwice
    /// Completes in two tabs, with a key each.
    case hasTwoTabs
    /// Is declined first, then pays with another card.
    case isDeclined
    /// Cancels in one tab and pays in the other.
    case cancelsWhilePaying
    case paysAtTheDoor
    /// Leaves the order for later.
    case leaves

    /// A tenth of the customers each; all others pay.
    init(ofCustomer number: Int) {
        let place = number % 10
        self = place < Self.allCases.count ? Self.allCases[place] : .pays
    }
}

/// One purchase in a world where every answer may get lost; whatever is not answered is asked
/// again under the same key.
struct SoakCustomer {
    let stack: StackUnderTest
    let connection: HTTPConnection
    let habit: SoakHabit
    /// The longest wait for one answer.
    let patience: Duration

    /// Something that must not happen, whatever gets lost.
    struct Wronged: Error, CustomStringConvertible {
        let description: String
    }

    /// Goes through the whole purchase; blocks.
    ///
    /// - Throws: `TooLate` where an answer did not come, `Wronged` where a wrong one did.
    func buy() throws {
        let visit = Visit(try prepared())
        try complete(visit)
        switch habit {
        case .paysAtTheDoor, .leaves: return
        case .cancelsWhilePaying:
            let call = visit.request("cancel")
            let cancelling = ask(call, [200, 202, 409])
            try pay(visit)
            _ = try cancelling.join(within: Int(patience.components.seconds) + 40)
        case .isDeclined:
            _ = try confirm(visit, with: "pm_card_chargeDeclined")
            try pay(visit)
        default: try pay(visit)
        }
        // The browser comes back; what it is told then is not the end of the story.
        _ = try? connection.send(visit.request("payments/refresh"))
    }

    private func prepared() throws -> ReadyCheckout {
        let end = ContinuousClock.now + patience
        while true {
            do {
                return try Shopper(connection).prepare(sku: CrashScene.sku)
            } catch {
                guard ContinuousClock.now < end else { throw error }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }

    private func ask(_ call: HTTPCall, _ statuses: [Int]) -> Companion<HTTPAnswer> {
        let (port, patience) = (stack.port, patience)
        return Companion {
            try HTTPConnection(port: port).insist(on: statuses, call, for: patience)
        }
    }

    private func complete(_ visit: Visit) throws {
        let method = habit == .paysAtTheDoor ? "cash_on_delivery" : "card"
        let call = visit.checkout.completion(method: method)
        var other: Companion<HTTPAnswer>?
        switch habit {
        case .clicksTwice: other = ask(call, [201])
        case .hasTwoTabs:
            var second = call
            second.fields.removeAll { $0.name == "Idempotency-Key" }
            other = ask(second.with("Idempotency-Key", "second-\(visit.checkout.id)"), [201])
        default: break
        }
        let answer = try connection.insist(on: [201], call, for: patience)
        visit.learn(answer)
        guard let other else { return }
        let second = try other.join(within: Int(patience.components.seconds) + 40)
        if habit == .clicksTwice, second.body != answer.body {
            throw Wronged(description: "two clicks, two answers: \(answer.text) \(second.text)")
        }
        let id = second.json?["order"]?["id"]?.integer
        if id != visit.orderID {
            throw Wronged(description: "orders \(visit.orderID) and \(id ?? 0) of one checkout")
        }
        // One of the tabs was told the token, and both are the customer's.
        visit.learn(second)
    }

    /// Pays by card; does nothing if the order is not to be paid any more.
    private func pay(_ visit: Visit) throws {
        guard let status = try confirm(visit, with: "pm_card_visa") else { return }
        guard [200, 400].contains(status) else {
            throw Wronged(description: "a good card is answered with \(status)")
        }
    }

    /// Charges a card with the payment's secret, asking for one as long as there is none.
    ///
    /// - Returns: Stripe's status; nil if the order is not to be paid any more.
    private func confirm(_ visit: Visit, with card: String) throws -> Int? {
        let end = ContinuousClock.now + patience
        var tries = 0
        while visit.clientSecret == nil {
            guard ContinuousClock.now < end else { throw TooLate("there is no secret") }
            tries += 1
            // An answer without a secret is an answer: the next question has its own key.
            var call = visit.request("payments")
            call.fields.removeAll { $0.name == "Idempotency-Key" }
            call = call.with("Idempotency-Key", "pay-\(visit.checkout.id)-\(tries)")
            let answer = try connection.insist(on: [200, 409], call, for: patience)
            let code = answer.json?["code"]?.string
            if code == "already_paid" || code == "order_not_payable" { return nil }
            visit.learn(answer)
            if visit.clientSecret == nil { Thread.sleep(forTimeInterval: 0.2) }
        }
        guard let call = PlacedOrder.confirmation(of: visit.clientSecret, card: card) else {
            throw Wronged(description: "this is no secret")
        }
        return try stack.connectToSimulator().insist(on: [200, 400, 402], call, for: patience)
            .status
    }
}
