import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Captures", .enabled(if: ServiceUnderTest.isAvailable))
struct CaptureTests {
    private static let capture = "POST /stripe/v1/payment_intents/*/capture"
    /// The breaker's time is not the worker's, and does not move on with it.
    private static let patient = "attempts=1 minimumCalls=1000 attemptTimeout=5s laneWait=5s"

    @Test(
        "that Stripe cannot do for hours keep the stock, whichever came first, money or stock",
        arguments: [true, false]
    )
    func keepsStock(isPaidFirst: Bool) async throws {
        try await ServiceUnderTest.run(["STRIPE_PAYMENT_POLICY": Self.patient]) { service in
            service.setFault("POST /reservations", "drop_before")
            let order = try service.placedOrder()
            #expect(order.answer["reservation", "optimistic"] == true)
            func find() throws {
                service.removeFaults()
                service.setFault(Self.capture, "status", status: 503)
                service.advance(by: .seconds(60))
                try service.settle()
            }
            if !isPaidFirst { try find() }
            try service.pay(order)
            try service.settle()
            if isPaidFirst { try find() }
            // In steps, so that the worker sees all that is due.
            for _ in 0..<6 {
                service.advance(by: .seconds(1_200))
                try service.settle()
            }
            func states() -> [String?] {
                (service.standIn(.get, "/_state")["reservations"].array ?? []).map {
                    $0["status"]?.string
                }
            }
            let waiting = service.send(.get, order.path, token: order.token)
            #expect(waiting["paymentStatus"] == "authorized" && states() == ["held"])
            service.removeFaults()
            for _ in 0..<2 {
                service.advance(by: .seconds(600))
                try service.settle()
            }
            let after = service.send(.get, order.path, token: order.token)
            #expect(after["status"] == "confirmed" && after["paymentStatus"] == "paid")
            #expect(states() == ["committed"])
        }
    }

    @Test("that Stripe cannot do for hours keep the stock of who was approved at the last moment")
    func keepsApproved() async throws {
        var settings = ServiceUnderTest.fraud(ServiceUnderTest.strict)
        settings["STRIPE_PAYMENT_POLICY"] = Self.patient
        try await ServiceUnderTest.run(settings) { service in
            let order = try service.heldOrder()
            service.advance(by: .seconds(24 * 3_600 - 60))
            try service.settle()
            service.setFault(Self.capture, "status", status: 503)
            #expect(try service.decide(service.waitingReview(), "approve").status == 202)
            try service.settle()
            for _ in 0..<6 {
                service.advance(by: .seconds(1_200))
                try service.settle()
            }
            #expect(service.state(order) == "payment_review authorized")
            #expect(service.stock() == ["held"])
            service.removeFaults()
            for _ in 0..<2 {
                service.advance(by: .seconds(600))
                try service.settle()
            }
            #expect(service.state(order) == "confirmed paid")
            #expect(service.stock() == ["committed"])
        }
    }

    @Test("of an approved order that Stripe refuses for a day end it, and the stock is given back")
    func endsApproved() async throws {
        var settings = ServiceUnderTest.fraud(ServiceUnderTest.strict)
        settings["STRIPE_PAYMENT_POLICY"] = Self.patient
        try await ServiceUnderTest.run(settings) { service in
            let order = try service.heldOrder()
            service.setFault(Self.capture, "status", status: 503)
            #expect(try service.decide(service.waitingReview(), "approve").status == 202)
            try service.settle()
            for _ in 0..<24 {
                service.advance(by: .seconds(3_500))
                try service.settle()
                #expect(service.state(order) == "payment_review authorized")
            }
            #expect(service.stock() == ["held"])
            service.advance(by: .seconds(3_500))
            try service.settle()
            #expect(service.state(order) == "rejected cancelled")
            #expect(service.stock() == ["released"])
            #expect(service.intents.map { $0["status"] } == ["canceled"])
        }
    }

    @Test("that have made the stock final a moment ago leave an extension nothing to do")
    func extendsFinal() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            // As it is between the commit there and its being noted here.
            let key = "order-\(order.id)"
            #expect(service.standIn(.post, "/reservations/\(key)/commit").status == 200)
            try service.services.ledger.change(order.id, by: "test", until: service.soon) {
                change,
                _ in
                change.schedule(.extendReservation)
            }
            try service.drain()
            let rows = try service.query("SELECT reservation_key, status FROM reservations")
            #expect(try rows.map { try $0.string("reservation_key") } == [key])
            #expect(try rows.map { try $0.string("status") } == ["held"])
            let open = try service.query(
                "SELECT 1 FROM outbox WHERE topic = 'reservation.extend' AND sent_at IS NULL"
            )
            #expect(open.isEmpty)
        }
    }
}
