import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Moves of rows", .enabled(if: ServiceUnderTest.isAvailable))
struct StateMovesTests {
    private func store(_ service: ServiceUnderTest) -> ReservationStore {
        ReservationStore(database: service.services.database, ledger: service.services.ledger)
    }

    private func versions(_ service: ServiceUnderTest) throws -> [Int64] {
        try service.query("SELECT version FROM orders UNION ALL SELECT version FROM reservations")
            .map { try $0.int64(0) }
    }

    @Test("leave a reservation alone that somebody else has moved since it was read")
    func lateMove() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /reservations", "status", status: 503)
            let order = try service.placedOrder()
            let store = store(service)
            let read = try #require(try store.live(of: order.id, until: service.soon))
            #expect(read.status == .optimistic)
            try store.note(.hold, of: order.id, read, until: service.soon)
            let versions = try versions(service)
            // Both were allowed when the row was read.
            try store.note(.release, of: order.id, read, until: service.soon)
            try store.replace(read, of: order.id, until: service.soon)
            #expect(try store.live(of: order.id, until: service.soon)?.status == .held)
            #expect(try self.versions(service) == versions)
        }
    }

    @Test("give back stock that came to be held while its order was being closed")
    func heldMeanwhile() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /reservations", "status", status: 503)
            let order = try service.placedOrder()
            service.removeFaults()
            let store = store(service)
            let read = try #require(try store.live(of: order.id, until: service.soon))
            service.setFault("POST /reservations/*/release", "hold", times: 1, executed: true)
            let cancelling = Companion {
                service.send(.post, "\(order.path)/cancel", token: order.token, key: "cancel")
            }
            #expect(eventually { service.standIn(.get, "/_faults")["held"] == 1 })
            try store.note(.hold, of: order.id, read, until: service.soon)
            service.removeFaults()
            #expect(try cancelling.join()["status"] == "cancelled")
            let rows = try service.query("SELECT status FROM reservations")
            #expect(try rows.map { try $0.string(0) } == ["released"])
        }
    }

    @Test("note stock as given back that is missed while its order is being closed")
    func missedMeanwhile() async throws {
        let losses:
            [@Sendable (ReservationStore, ReservationStore.Reservation, Int64, Deadline) throws ->
                Void] = [
                    { _ = try $0.note(.lose, of: $2, $1, until: $3) },
                    { try $0.replace($1, of: $2, until: $3) },
                ]
        for lose in losses {
            try await ServiceUnderTest.run { service in
                service.setFault("POST /reservations", "status", status: 503)
                let order = try service.placedOrder()
                service.removeFaults()
                let store = store(service)
                let read = try #require(try store.live(of: order.id, until: service.soon))
                service.setFault("POST /reservations/*/release", "hold", times: 1, executed: true)
                let cancelling = Companion {
                    service.send(.post, "\(order.path)/cancel", token: order.token, key: "cancel")
                }
                #expect(eventually { service.standIn(.get, "/_faults")["held"] == 1 })
                try lose(store, read, order.id, service.soon)
                service.removeFaults()
                #expect(try cancelling.join()["status"] == "cancelled")
                let rows = try service.query("SELECT status FROM reservations")
                #expect(try rows.map { try $0.string(0) } == ["released"])
            }
        }
    }

    @Test("refuse to move a reservation that has ended", arguments: ReservationEvent.allCases)
    func endedReservation(event: ReservationEvent) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            try service.settle()
            let store = store(service)
            let ended = try #require(try store.live(of: order.id, until: service.soon))
            #expect(ended.status == .committed)
            let versions = try versions(service)
            let refusal = IllegalTransition<ReservationStatus>(
                status: .committed,
                event: event,
                allowed: []
            )
            #expect(throws: refusal) {
                if event == .replace {
                    try store.replace(ended, of: order.id, until: service.soon)
                } else {
                    try store.note(event, of: order.id, ended, until: service.soon)
                }
            }
            #expect(try self.versions(service) == versions)
        }
    }

    @Test("take no intent for a payment that is due at the door, and flag its money")
    func intentForCash() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            let payment = service.send(.get, "\(order.path)/payment", token: order.token)
            let paymentID = try #require(payment["paymentId"].string)
            let amount = try #require(payment["amount"].integer)
            for confirmation in ["", "&confirm=true&payment_method=pm_card_visa"] {
                _ = service.stripe(
                    .post,
                    "payment_intents",
                    "amount=\(amount)&currency=ron&automatic_payment_methods[enabled]=true"
                        + "&metadata[order_id]=\(order.id)&metadata[payment_id]=\(paymentID)"
                        + confirmation
                )
            }
            try service.settle()
            let row = try #require(
                try service.query(
                    "SELECT status, provider_intent_id, captured_minor, review_reason FROM payments"
                ).first
            )
            #expect(try row.string("status") == "due_on_delivery")
            #expect(try row.optionalString("provider_intent_id") == nil)
            #expect(try row.int64("captured_minor") == 0)
            #expect(try row.string("review_reason") == "second_intent")
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["status"] == "payment_review")
        }
    }

    @Test("let a payment be paid that was closed before its intent was known")
    func closedBeforeKnown() async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("POST /stripe/v1/payment_intents", "drop_after", times: 1)
            let order = try service.placedOrder()
            try service.execute("UPDATE payments SET status = 'cancelled'")
            let intent = try #require(service.intents.first?["id"]?.string)
            let paid = service.stripe(
                .post,
                "payment_intents/\(intent)/confirm",
                "payment_method=pm_card_visa"
            )
            #expect(paid["status"] == "succeeded")
            try service.settle()
            let rows = try service.query("SELECT status, provider_intent_id FROM payments")
            #expect(try rows.map { try $0.string("status") } == ["paid"])
            #expect(try rows.first?.string("provider_intent_id") == intent)
            let summary = service.send(.get, order.path, token: order.token)
            #expect(summary["paymentStatus"] == "paid")
        }
    }
}
