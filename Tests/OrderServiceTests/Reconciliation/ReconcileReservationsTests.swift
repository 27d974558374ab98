import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Reconciling reservations", .enabled(if: ServiceUnderTest.isAvailable))
struct ReconcileReservationsTests {
    private static func reserve(_ service: ServiceUnderTest, _ key: String) {
        let body: JSON = [
            "key": .string(key), "items": [ServiceUnderTest.item()], "ttlSeconds": 36_000,
        ]
        #expect(service.standIn(.post, "/reservations", body).status == 201)
    }

    /// An order that has ended, as its rows tell, with its stock still held there.
    private static func leak(_ service: ServiceUnderTest) throws -> ServiceUnderTest.Placed {
        let order = try service.placedOrder()
        let answer = service.send(.post, "\(order.path)/cancel", token: order.token, key: "c")
        #expect(answer.status == 200)
        try service.drain()
        // Another reservation of the same order, which nobody gave back.
        reserve(service, "order-\(order.id)-2")
        return order
    }

    @Test(
        "knows the keys that are ours",
        arguments: [
            ("order-17", 17), ("order-17-2", 17), ("order-", nil), ("order-x", nil),
            ("order-0", nil), ("order--3", nil), ("order-1-x", nil), ("border-1", nil),
            ("order-1-2-3", nil), ("17", nil),
        ] as [(String, Int64?)]
    )
    func keys(key: String, orderID: Int64?) {
        #expect(ReservationRules.orderID(of: key) == orderID)
    }

    @Test("gives back stock of an order that has ended")
    func leaked() async throws {
        try await ServiceUnderTest.run { service in
            let order = try Self.leak(service)
            #expect(service.reconcile().findings.isEmpty)
            service.letTimePass()
            #expect(service.differences() == [.reservationLeaked])
            let report = service.reconcile(fixing: .leaks)
            #expect(report.fixed == 1 && report.left == 0)
            #expect(service.heldStatus("order-\(order.id)-2") == "released")
            #expect(
                try service.reconcileEvents(of: order.id) == ["reconcile.release_reservation"]
            )
        }
    }

    @Test("gives back stock of an order that never came to be")
    func neverMade() async throws {
        try await ServiceUnderTest.run { service in
            // Numbers of orders whose making was rolled back are never given again.
            let number = try service.placedOrder().id + 1
            try service.execute(
                SQL(stringLiteral: "ALTER TABLE orders AUTO_INCREMENT = \(number + 1)")
            )
            _ = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            Self.reserve(service, "order-\(number)")
            try service.drain()
            service.advance(by: .minutes(16))
            #expect(service.differences() == [.reservationLeaked])
            let report = service.reconcile(fixing: .leaks)
            #expect(report.fixed == 1 && report.left == 0)
            #expect(service.heldStatus("order-\(number)") == "released")
        }
    }

    @Test("does not touch a key beyond our last order, or of another form")
    func others() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            Self.reserve(service, "order-\(order.id + 1_000)")
            Self.reserve(service, "transfer-7")
            service.letTimePass()
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.findings.map(\.kind) == [.reservationLeaked])
            #expect(report.findings.first?.outcome == .open)
            #expect(service.heldStatus("order-\(order.id + 1_000)") == "held")
            #expect(service.heldStatus("transfer-7") == "held")
        }
    }

    @Test("reserves again what an order waits for and is not held any more")
    func missing() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            service.standIn(.post, "/reservations/order-\(order.id)/release", [:])
            service.advance(by: .minutes(16))
            #expect(service.differences() == [.reservationMissing])
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.findings.map(\.outcome) == [.fixed])
            try service.drain()
            #expect(service.heldStatus("order-\(order.id)-2") == "held")
            let events = try service.reconcileEvents(of: order.id)
            #expect(events == ["reconcile.reserve_again"])
            service.advance(by: .minutes(4))
            #expect(service.differences() == [])
        }
    }

    @Test("lets the worker commit stock that was sold")
    func uncommitted() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            try service.pay(order)
            service.deliverWebhooks()
            try service.drain()
            try service.execute("UPDATE reservations SET status = 'held'")
            service.letTimePass()
            #expect(service.differences() == [.reservationDiffers])
            let report = service.reconcile(fixing: .everythingSafe)
            #expect(report.findings.map(\.outcome) == [.begun])
            try service.drain()
            #expect(service.differences() == [])
            let events = try service.reconcileEvents(of: order.id)
            #expect(events == ["reconcile.commit_reservation"])
        }
    }

    @Test("asks for each reservation by its key where product-service has no list")
    func notListed() async throws {
        try await ServiceUnderTest.run { service in
            let sound = try service.paidOrder()
            let missing = try service.placedOrder()
            service.standIn(.post, "/reservations/order-\(missing.id)/release", [:])
            service.setFault("GET /reservations", "status", status: 404)
            service.advance(by: .minutes(16))
            let report = service.reconcile()
            #expect(report.findings.map(\.orderID) == [missing.id])
            #expect(report.notes.count == 1 && sound.id != missing.id)
        }
    }

    @Test("says that it could not read product-service")
    func outage() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.paidOrder()
            service.setFault("GET /reservations", "status", status: 503)
            let report = service.services.reconciler.run(
                since: service.now - .hours(24),
                fixing: .nothing,
                until: service.soon
            )
            #expect(!report.isWhole && report.unread.first?.hasPrefix("product-service: ") == true)
        }
    }
}
