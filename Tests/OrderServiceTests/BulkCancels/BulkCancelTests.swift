import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Cancelling many orders", .enabled(if: ServiceUnderTest.isAvailable))
struct BulkCancelTests {
    @Test("tells of each order what became of it, in the order asked, each once")
    func outcomes() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let unpaid = try service.placedOrder()
            let paid = try service.paidOrder()
            let shipped = try service.shippedOrder()
            let packed = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            let warehouse = try service.session("wms", .service)
            service.send(
                .post,
                "/v1/admin/orders/\(packed.id)/fulfilment",
                token: warehouse,
                ["event": "start"]
            )
            let gone = try service.placedOrder()
            service.send(.post, "\(gone.path)/cancel", token: gone.token, key: "own")
            try service.drain()
            let ids = [shipped.id, unpaid.id, 999_999, paid.id, unpaid.id, gone.id, packed.id]

            let asked = service.cancelAll(ids, token: support)
            #expect(asked.status == 202 && asked["state"] == "queued")
            #expect(
                asked.field("Location")
                    == "\(ServiceUnderTest.bulkCancels)/\(asked["id"].string ?? "?")"
            )
            #expect(asked["id"].string?.hasPrefix("bulk_") == true)
            #expect(asked["createdBy"] == "support-1" && asked["finishedAt"] == .null)
            #expect(asked["counts", "total"] == 6 && asked["counts", "pending"] == 6)
            #expect(asked["items", "0", "orderStatus"] == "shipped")
            #expect(asked["items", "2", "orderStatus"] == .null)
            #expect(
                service.lookAgain(at: asked, token: support).response.body == asked.response.body
            )

            try service.drain()
            let look = service.lookAgain(at: asked, token: support)
            #expect(look.status == 200 && look["state"] == "finished")
            #expect(
                service.outcomes(look) == [
                    "refused", "cancelled", "not_found", "cancelled", "already_cancelled",
                    "cancelled",
                ]
            )
            let told = look["items"].array?.compactMap { $0["orderId"]?.integer }
            #expect(
                told == [shipped.id, unpaid.id, 999_999, paid.id, gone.id, packed.id]
            )
            #expect(look["items", "0", "code"] == "illegal_transition")
            #expect(
                look["items", "0", "detail"] == "An order that is shipped does not allow this."
            )
            #expect(look["items", "1", "paymentStatus"] == "cancelled")
            #expect(look["finishedAt"].string == service.now.rfc3339)
            for (name, count) in [
                ("total", 6), ("pending", 0), ("cancelling", 0), ("cancelled", 3), ("refused", 1),
                ("alreadyCancelled", 1), ("notFound", 1), ("failed", 0),
            ] { #expect(look["counts", name] == JSON(count), "\(name)") }

            for order in [unpaid, paid, packed] {
                #expect(
                    try service.endings(of: order.id) == [
                        "order.closing, staff:support-1, the batch is recalled",
                        "order.cancelled, worker",
                    ]
                )
            }
            #expect(try service.endings(of: shipped.id) == [])
            #expect(try service.endings(of: gone.id).count == 2)
            for _ in 0..<3 {
                service.advance(by: .seconds(120))
                try service.settle()
            }
            let later = service.lookAgain(at: asked, token: support)
            #expect(later["items", "3", "paymentStatus"] == "refunded")
            #expect(later["finishedAt"] == look["finishedAt"])
            // The tasks that were left for a crash have found nothing to do.
            #expect(service.intentCancels.sorted() == [0, 1, 1])
        }
    }

    @Test("refuses what was changed after it was asked for, and says so")
    func changedMeanwhile() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("admin-1", .admin)
            let sent = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            let rejected = try service.placedOrder()
            let asked = service.cancelAll([sent.id, rejected.id], token: admin)
            let warehouse = try service.session("wms", .service)
            for event in ["start", "ship"] {
                let report = "/v1/admin/orders/\(sent.id)/fulfilment"
                service.send(.post, report, token: warehouse, ["event": .string(event)])
            }
            try service.execute("UPDATE orders SET closing = 'reject' WHERE id = \(rejected.id)")
            #expect(try service.services.bulkCancelJob.run(until: service.soon) == 2)
            let look = service.lookAgain(at: asked, token: admin)
            #expect(service.outcomes(look) == ["refused", "refused"])
            #expect(look["items", "0", "orderStatus"] == "shipped")
            #expect(look["items", "1", "detail"] == "The order is being rejected.")
            #expect(look["state"] == "finished" && look["counts", "refused"] == 2)
            #expect(service.intentCancels == [0])
        }
    }

    @Test("cancels an order that is about to expire, and gives back what was paid in time")
    func expiring() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("admin-1", .admin)
            let orders = try (0..<2).map { _ in try service.placedOrder() }
            try service.execute("UPDATE orders SET closing = 'expire'")
            try service.pay(orders[0])
            let asked = service.cancelAll(orders.map(\.id), token: admin)
            #expect(try service.services.bulkCancelJob.run(until: service.soon) == 2)
            // Whoever had begun to end it as expired finds that it has ended otherwise.
            for order in orders {
                _ = try service.services.closing.proceed(order.id, until: service.soon, nil)
            }
            for _ in 0..<3 {
                try service.settle()
                service.advance(by: .seconds(120))
            }
            let look = service.lookAgain(at: asked, token: admin)
            #expect(service.outcomes(look) == ["cancelled", "cancelled"])
            #expect(look["items", "0", "paymentStatus"] == "refunded")
            #expect(look["items", "1", "paymentStatus"] == "cancelled")
        }
    }

    @Test("ends an order whose own cancel stands still")
    func standsStill() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("admin-1", .admin)
            let order = try service.placedOrder()
            // As after a day of tries, when its task was given up.
            try service.execute("UPDATE orders SET closing = 'cancel' WHERE id = \(order.id)")
            try service.drain()
            #expect(service.intentCancels == [0])
            let asked = service.cancelAll([order.id], token: admin)
            #expect(try service.services.bulkCancelJob.run(until: service.soon) == 1)
            let look = service.lookAgain(at: asked, token: admin)
            #expect(service.outcomes(look) == ["cancelled"])
            #expect(look["items", "0", "detail"] == "It was being cancelled already.")
            #expect(service.intentCancels == [1])
        }
    }

    @Test("leaves an order whose own cancel is under way to its task")
    func underWay() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("admin-1", .admin)
            let order = try service.placedOrder()
            service.setFault(ServiceUnderTest.cancelIntent, "drop_before")
            let path = "\(order.path)/cancel"
            #expect(service.send(.post, path, token: admin, key: "own", nil).status == 202)
            func version() throws -> Int? {
                try service.query("SELECT version FROM orders").first?.int("version")
            }
            let before = try version()
            let asked = service.cancelAll([order.id], token: admin)
            #expect(try service.services.bulkCancelJob.run(until: service.soon) == 1)
            #expect(service.outcomes(asked, token: admin) == ["cancelling"])
            #expect(try version() == before)
            service.removeFaults()
            service.advance(by: .seconds(60))
            try service.drain()
            #expect(service.outcomes(asked, token: admin) == ["cancelled"])
        }
    }

    @Test("stops orders at once while Stripe is away, and ends them when it is back")
    func stripeAway() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let orders = try (0..<6).map { _ in try service.placedOrder() }
            let asked = service.cancelAll(orders.map(\.id), token: support)
            let admin = try service.session("admin-1", .admin)
            func order(_ mode: String) {
                let answer = service.send(
                    .post,
                    "/v1/admin/breakers/stripe-read",
                    token: admin,
                    ["mode": .string(mode), "reason": "Stripe is away"]
                )
                #expect(answer.status == 200)
            }
            order("forcedOpen")
            try service.drain()
            let look = service.lookAgain(at: asked, token: support)
            #expect(service.outcomes(look) == Array(repeating: "cancelling", count: 6))
            #expect(look["items", "0", "orderStatus"] == "awaiting_payment")
            #expect(look["state"] == "finished" && look["counts", "cancelling"] == 6)
            let pay = service.send(
                .post,
                "\(orders[0].path)/payments",
                token: orders[0].token,
                key: "pay",
                [:]
            )
            #expect(pay.status == 409 && pay.code == "order_not_payable")
            // Tried again and again, by the task of each order.
            for _ in 0..<3 {
                service.advance(by: .seconds(300))
                try service.drain()
            }
            #expect(service.intentCancels == Array(repeating: 0, count: 6))
            order("auto")
            service.advance(by: .seconds(300))
            try service.drain()
            let after = service.lookAgain(at: asked, token: support)
            #expect(service.outcomes(after) == Array(repeating: "cancelled", count: 6))
            #expect(after["counts", "cancelled"] == 6)
            #expect(service.intentCancels == Array(repeating: 1, count: 6))
        }
    }

    @Test("shows what waits in the metrics")
    func metrics() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            _ = service.cancelAll([1, 2, 3], token: support)
            service.advance(by: .seconds(40))
            func lines() throws -> [String] {
                try service.services.makeSampler().drain()
                return service.send(.get, "/metrics").text.split(separator: "\n").map(String.init)
            }
            let before = try lines()
            #expect(before.contains("orderd_bulk_cancels_waiting 3"))
            #expect(before.contains("orderd_bulk_cancels_oldest_seconds 40"))
            try service.drain()
            let after = try lines()
            #expect(after.contains("orderd_bulk_cancels_waiting 0"))
            #expect(after.contains("orderd_bulk_cancels_oldest_seconds 0"))
        }
    }

    @Test("is forgotten after ninety days, and not while an order waits")
    func retention() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support, seconds: 100 * 86_400)
            let order = try service.placedOrder()
            _ = service.cancelAll([order.id, 999_999], token: support, key: "first")
            try service.drain()
            service.advance(by: .days(89))
            try service.drain()
            #expect(try service.rowCounts()["bulk_cancel_items"] == 2)
            _ = service.cancelAll([999_999], token: support, key: "second")
            service.advance(by: .days(2))
            _ = try service.services.retentionJob.run(until: service.soon)
            #expect(try service.rowCounts()["bulk_cancels"] == 1)
            service.advance(by: .days(90))
            _ = try service.services.retentionJob.run(until: service.soon)
            #expect(try service.rowCounts()["bulk_cancel_items"] == 1)
            try service.drain()
            #expect(try service.rowCounts()["bulk_cancels"] == 0)
            #expect(try service.rowCounts()["bulk_cancel_items"] == 0)
        }
    }

    @Test("loses its reason when the last that was written about one of its orders goes")
    func erasure() async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.session("support-1", .support)
            let order = try service.placedOrder()
            let asked = service.cancelAll([order.id], token: support, reason: "Ana asked for it")
            try service.drain()
            let report = try service.services.erasure.run(
                .email("ana@example.ro"),
                by: "cli:ana",
                reason: "asked by letter",
                skipsOpen: false,
                isDryRun: false,
                until: service.soon
            )
            #expect(report.isCarriedOut)
            let look = service.lookAgain(at: asked, token: support)
            #expect(look["reason"] == "erased" && service.outcomes(look) == ["cancelled"])
        }
    }
}
