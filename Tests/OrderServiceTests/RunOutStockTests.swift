import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Stock that has run out", .enabled(if: ServiceUnderTest.isAvailable))
struct RunOutStockTests {
    private static let commit = "POST /reservations/*/commit"
    private static let extend = "POST /reservations/*/extend"
    private static let capture = "POST /stripe/v1/payment_intents/*/capture"
    /// The breakers' time is not the worker's, and does not move on with it.
    private static let patient = [
        "STRIPE_PAYMENT_POLICY": "attempts=1 minimumCalls=1000 attemptTimeout=5s laneWait=5s",
        "PRODUCT_SERVICE_POLICY": "attempts=1 minimumCalls=1000",
    ]

    /// Nothing is left for anybody else.
    private static func buyAll(_ service: ServiceUnderTest) throws {
        let stock = service.standIn(.get, "/products?skus=CANA-ALBA")["products", "0", "stock"]
        let body: JSON = [
            "key": "all", "items": [ServiceUnderTest.item("CANA-ALBA", Int(stock.integer ?? 0))],
            "ttlSeconds": 360_000,
        ]
        #expect(service.standIn(.post, "/reservations", body).status == 201)
    }

    private static func keys(_ service: ServiceUnderTest, of id: Int64) throws -> [String] {
        try service.query(
            "SELECT reservation_key, status FROM reservations WHERE order_id = \(id) ORDER BY id"
        ).map { "\(try $0.string("reservation_key")) \(try $0.string("status"))" }
    }

    @Test("is reserved under another key, as often as it runs out")
    func again() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            for _ in 0..<4 {
                service.advance(by: .seconds(50 * 60))
                try service.services.ledger.change(order.id, by: "test", until: service.soon) {
                    change,
                    _ in
                    change.moveDeadline(to: change.now + .seconds(1_800), holdsStock: true)
                }
                try service.drain()
            }
            let id = order.id
            #expect(
                try Self.keys(service, of: id) == [
                    "order-\(id) lost", "order-\(id)-2 lost", "order-\(id)-3 lost",
                    "order-\(id)-4 lost", "order-\(id)-5 held",
                ]
            )
        }
    }

    @Test("of a paid order is reserved again, and sold")
    func paid() async throws {
        try await ServiceUnderTest.run(Self.patient) { service in
            let order = try service.placedOrder()
            service.setFault(Self.commit, "status", status: 503)
            try service.pay(order)
            try service.settle()
            service.advance(by: .seconds(3_600))
            service.removeFaults()
            for _ in 0..<2 {
                service.advance(by: .seconds(600))
                try service.settle()
            }
            #expect(service.state(order) == "confirmed paid")
            let id = order.id
            #expect(
                try Self.keys(service, of: id) == ["order-\(id) lost", "order-\(id)-2 committed"]
            )
        }
    }

    @Test("is none that a commit of before has made final, whose repeat is refused as that")
    func committedBefore() async throws {
        try await ServiceUnderTest.run(Self.patient) { service in
            let order = try service.placedOrder()
            let key = "order-\(order.id)"
            #expect(service.standIn(.post, "/reservations/\(key)/commit").status == 200)
            let fault: JSON = [
                "match": .string(Self.commit), "kind": "status", "status": 409,
                "body": ["code": "committed"],
            ]
            #expect(service.standIn(.post, "/_faults", fault).status == 201)
            try service.pay(order)
            try service.settle()
            #expect(service.state(order) == "confirmed paid")
            #expect(try Self.keys(service, of: order.id) == ["\(key) committed"])
        }
    }

    @Test("of a paid order and cannot be had any more is looked at by somebody")
    func soldOut() async throws {
        try await ServiceUnderTest.run(Self.patient) { service in
            let order = try service.placedOrder()
            service.setFault(Self.commit, "status", status: 503)
            try service.pay(order)
            try service.settle()
            service.advance(by: .seconds(3_600))
            try Self.buyAll(service)
            service.removeFaults()
            service.advance(by: .seconds(600))
            try service.settle()
            #expect(service.state(order) == "stock_review paid")
        }
    }

    @Test("is made sure of before authorized money is taken", arguments: [true, false])
    func beforeCapture(isSoldOut: Bool) async throws {
        try await ServiceUnderTest.run(Self.patient) { service in
            service.setFault("POST /reservations", "drop_before")
            let order = try service.placedOrder()
            service.removeFaults()
            service.setFault(Self.extend, "status", status: 503)
            service.setFault(Self.capture, "status", status: 503)
            try service.pay(order)
            service.advance(by: .seconds(60))
            try service.settle()
            #expect(service.state(order) == "awaiting_payment authorized")
            // Held for 45 min, and the extension does not come through.
            service.advance(by: .seconds(3_600))
            if isSoldOut { try Self.buyAll(service) }
            service.removeFaults()
            service.setFault(Self.extend, "status", status: 503, times: 1)
            for _ in 0..<3 {
                service.advance(by: .seconds(600))
                try service.settle()
            }
            let charged = service.intents.map { $0["amount_received"]?.integer ?? 0 }
            if isSoldOut {
                #expect(service.state(order) == "rejected cancelled" && charged == [0])
            } else {
                #expect(service.state(order) == "confirmed paid")
                #expect(try Self.keys(service, of: order.id).last?.hasSuffix("committed") == true)
            }
        }
    }
}
