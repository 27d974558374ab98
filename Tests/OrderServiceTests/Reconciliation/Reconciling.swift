import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

/// Steps that tests of the comparison share.
extension ServiceUnderTest {
    /// Compares both sides; fails the test if they could not be read to the end.
    func reconcile(
        since length: Duration = .hours(24),
        fixing: ReconciliationFixing = .nothing
    ) -> ReconciliationReport {
        let report = services.reconciler.run(
            since: now - length,
            fixing: fixing,
            until: soon
        )
        #expect(report.unread == [])
        return report
    }

    /// The kinds of what is left, each as often as it was found.
    func differences() -> [Finding.Kind] {
        reconcile().findings.filter { $0.outcome != .fixed }.map(\.kind)
    }

    /// Lets so much time pass that no difference is young any more.
    func letTimePass() {
        advance(by: .minutes(20))
    }

    /// The history of an order as far as the comparison wrote it.
    func reconcileEvents(of orderID: Int64) throws -> [String] {
        try query(
            """
            SELECT kind FROM order_events WHERE order_id = \(orderID) AND actor = 'reconcile'
            ORDER BY id
            """
        ).map { try $0.string("kind") }
    }

    /// The PaymentIntent that our books have of an order.
    func intentID(of orderID: Int64) throws -> String {
        try query(
            """
            SELECT provider_intent_id AS id FROM payments
            WHERE order_id = \(orderID) AND NOT is_void
            """
        ).first?.string("id") ?? ""
    }

    /// An intent at Stripe with this metadata that our books know nothing of.
    func makeIntent(
        order: String,
        payment: String,
        amount: Int = 4_990,
        isPaid: Bool = false
    ) -> TestAnswer {
        stripe(
            .post,
            "payment_intents",
            "amount=\(amount)&currency=ron&automatic_payment_methods[enabled]=true"
                + "&metadata[order_id]=\(order)&metadata[payment_id]=\(payment)"
                + (isPaid ? "&confirm=true&payment_method=pm_card_visa" : "")
        )
    }

    /// The state of an intent at Stripe.
    func intentStatus(_ id: String) -> String? {
        intents.first { $0["id"]?.string == id }?["status"]?.string
    }

    /// The state of a reservation at product-service.
    func heldStatus(_ key: String) -> String? {
        standIn(.get, "/reservations/\(key)")["status"].string
    }
}
