import MariaDB
import OrderServiceHarness
import Testing
import Web

@Suite("Tasks that only look", .enabled(if: ServiceUnderTest.isAvailable))
struct IdleTaskTests {
    @Test("end together for orders that need nothing, and do what is left of the others")
    func endsTogether() async throws {
        try await ServiceUnderTest.run { service in
            for _ in 1...3 {
                try service.pay(service.placedOrder())
                try service.settle()
            }
            service.setFault("POST /stripe/v1/payment_intents", "drop_before")
            let degraded = try service.placedOrder()
            #expect(degraded.answer["payment"]["degraded"] == true)
            #expect(service.intents.count == 3)
            service.removeFaults()

            service.advance(by: .seconds(130))
            try service.drain()
            #expect(service.intents.count == 4)
            let rows = try service.query(
                """
                SELECT topic, sent_at IS NOT NULL AS is_done, COUNT(*) AS number FROM outbox
                WHERE topic IN ('order.discard_unseen', 'payment.ensure')
                GROUP BY topic, is_done ORDER BY topic, is_done
                """
            )
            let seen = try rows.map { row in
                "\(try row.string("topic")) \(try row.bool("is_done")) \(try row.int("number"))"
            }
            #expect(seen == ["order.discard_unseen true 4", "payment.ensure true 4"])
            let order = service.send(.get, degraded.path, token: degraded.token)
            #expect(order["status"] == "awaiting_payment")
        }
    }
}
