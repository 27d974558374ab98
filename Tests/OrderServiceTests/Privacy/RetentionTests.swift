import Foundation
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("How long personal data is kept", .enabled(if: ServiceUnderTest.isAvailable))
struct RetentionTests {
    private static let operating = URL(fileURLWithPath: StackUnderTest.root)
        .appendingPathComponent("Sources/OrderService/Documentation.docc/Operating.md")

    private func left(_ service: ServiceUnderTest, of id: Int64) throws -> String? {
        try service.query("SELECT personal_data FROM orders WHERE id = \(id)").first?
            .string("personal_data")
    }

    /// What has been removed of a class, by its record.
    private func removed(_ service: ServiceUnderTest, _ name: String) throws -> Int64 {
        try service.services.retentionStore.standings(until: service.soon)
            .first { $0.name == name }?.removed ?? 0
    }

    @Test("is said of every table of the schema")
    func complete() async throws {
        try await ServiceUnderTest.run { service in
            let tables = Set(try service.rowCounts().keys).union(["schema_migrations"])
            let ruled = Set(RetentionRule.all.flatMap(\.tables))
            let impersonal = Set(RetentionRule.impersonalTables)
            #expect(ruled.isDisjoint(with: impersonal))
            #expect(ruled.union(impersonal) == tables)
            let names = RetentionRule.all.map(\.name)
            #expect(Set(names).count == names.count)
        }
    }

    @Test("stands in Operating as it is in the code")
    func documented() throws {
        let text = try String(contentsOf: Self.operating, encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        let rows = RetentionRule.all.map(\.documentRow)
        for row in rows { #expect(lines.contains(row), "\(row)") }
        let start = try #require(lines.firstIndex { $0 == rows.first })
        #expect(Array(lines[start..<(start + rows.count)]) == rows)
        #expect(lines[start + rows.count].hasPrefix("|") == false)
    }

    @Test(
        "ends for rows when their time is over, and not before",
        arguments: [
            ("checkout_sessions", 7), ("sessions", 30), ("guest_tokens", 30), ("webhook_inbox", 90),
            ("outbox", 14), ("idempotency_keys", 0),
        ]
    )
    func rows(table: String, days: Int) async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.session("7", .customer)
            _ = try service.paidOrder()
            try service.drain()
            let before = try service.rowCounts()[table] ?? 0
            #expect(before > 0)
            // The longest life any of these rows has, and the days after it.
            let end = try service.query(Self.lastEnd(table)).first?.optionalTimestamp("at")
            let life = try #require(end).distance(from: service.now) + .days(days)
            service.advance(by: life - .seconds(60))
            try service.drain()
            #expect(try (service.rowCounts()[table] ?? 0) > 0)
            service.advance(by: .seconds(120))
            try service.drain()
            // What was made meanwhile is younger.
            let after = try service.query(Self.old(table, before: service.now - .days(days))).first
            #expect(try after?.int("number") == 0)
        }
    }

    private static func lastEnd(_ table: String) -> SQL {
        switch table {
        case "checkout_sessions": "SELECT MAX(closes_at) AS at FROM checkout_sessions"
        case "sessions": "SELECT MAX(expires_at) AS at FROM sessions"
        case "guest_tokens": "SELECT MAX(expires_at) AS at FROM guest_tokens"
        case "webhook_inbox": "SELECT MAX(applied_at) AS at FROM webhook_inbox"
        case "outbox": "SELECT MAX(sent_at) AS at FROM outbox"
        default: "SELECT MAX(expires_at) AS at FROM idempotency_keys"
        }
    }

    private static func old(_ table: String, before time: Timestamp) -> SQL {
        switch table {
        case "checkout_sessions":
            "SELECT COUNT(*) AS number FROM checkout_sessions WHERE closes_at < \(time)"
        case "sessions": "SELECT COUNT(*) AS number FROM sessions WHERE expires_at < \(time)"
        case "guest_tokens":
            "SELECT COUNT(*) AS number FROM guest_tokens WHERE expires_at < \(time)"
        case "webhook_inbox":
            "SELECT COUNT(*) AS number FROM webhook_inbox WHERE applied_at < \(time)"
        case "outbox": "SELECT COUNT(*) AS number FROM outbox WHERE sent_at < \(time)"
        default: "SELECT COUNT(*) AS number FROM idempotency_keys WHERE expires_at < \(time)"
        }
    }

    @Test("ends for an order in steps: its contact, and when the accounts let it go the rest")
    func orders() async throws {
        try await ServiceUnderTest.run { service in
            let sold = try service.paidOrder()
            let warehouse = try service.session("wms", .service)
            for event in ["start", "ship", "deliver"] {
                let answer = service.send(
                    .post,
                    "/v1/admin/orders/\(sold.id)/fulfilment",
                    token: warehouse,
                    ["event": .string(event), "trackingNumber": "T-1"]
                )
                #expect(answer.status == 200)
            }
            // Under way for ever: nobody knows its end, so it keeps what it has.
            let open = try service.paidOrder()
            service.advance(by: .days(1_094))
            try service.drain()
            #expect(try left(service, of: sold.id) == "whole")
            service.advance(by: .days(2))
            try service.drain()
            #expect(try left(service, of: sold.id) == "invoice")
            let row = try #require(
                try service.query(
                    """
                    SELECT email, contact_name, phone, client_address, shipping, billing
                    FROM orders WHERE id = \(sold.id)
                    """
                ).first
            )
            #expect(try row.string("email") == OrderReduction.erasedEmail)
            #expect(try row.string("contact_name") == "" && row.string("phone") == "")
            #expect(try row.optionalString("client_address") == nil)
            #expect(try row.string("shipping") == "{}")
            #expect(try row.string("billing").contains("Ana Țîrlea"))
            let shipment = try service.query("SELECT tracking_number FROM shipments")
            #expect(try shipment.first?.optionalString("tracking_number") == nil)
            // The caches told the address.
            let admin = try service.session("admin-1", .admin)
            let shown = service.send(.get, sold.path, token: admin)
            #expect(shown["customerIdentifier"] == "erased@example.invalid")
            #expect(shown["status"] == "delivered")

            service.advance(by: .days(2_376 - 1_096))
            try service.drain()
            #expect(try left(service, of: sold.id) == "none")
            let billing = try service.query(
                "SELECT billing, total_minor FROM orders WHERE id = \(sold.id)"
            )
            #expect(try billing.first?.string("billing") == "{}")
            #expect(try (billing.first?.int64("total_minor") ?? 0) > 0)
            #expect(
                try service.query("SELECT sku FROM order_lines WHERE order_id = \(sold.id)").count
                    == 1
            )
            #expect(try left(service, of: open.id) == "whole")
            #expect(try removed(service, "orders_contact") == 1)
            #expect(try removed(service, "orders_invoice") == 1)
        }
    }

    @Test("ends for an order that came back unpaid from the door, as for any other")
    func returnedUnpaid() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.returnedUnpaidOrder()
            service.advance(by: .days(1_096))
            try service.drain()
            #expect(try left(service, of: order.id) == "invoice")
            service.advance(by: .days(2_376 - 1_096))
            try service.drain()
            #expect(try left(service, of: order.id) == "none")
        }
    }

    @Test("ends sooner for an order that brought no money, and goes on in batches")
    func unpaid() async throws {
        try await ServiceUnderTest.run { service in
            let orders = try (0..<3).map { _ in try service.placedOrder() }
            service.advance(by: .days(2))
            try service.drain()
            let states = try service.query("SELECT DISTINCT status FROM orders")
            #expect(try states.map { try $0.string("status") } == ["expired"])
            service.advance(by: .days(177))
            try service.drain()
            for order in orders { #expect(try left(service, of: order.id) == "whole") }
            service.advance(by: .days(2))
            // A round whose time is over before it begins does nothing; the next one goes on.
            #expect(try service.services.retentionJob.run(until: .after(.zero)) == 0)
            try service.drain()
            for order in orders { #expect(try left(service, of: order.id) == "none") }
            #expect(try removed(service, "orders_unpaid") == 3)
            let events = try service.query(
                "SELECT actor FROM order_events WHERE kind = 'order.personal_data_removed'"
            )
            #expect(
                try events.map { try $0.string("actor") } == Array(repeating: "retention", count: 3)
            )
        }
    }

    @Test(
        "ends as soon for one that came back unpaid and unsold, though more was kept of it",
        arguments: [true, false]
    )
    func unsold(isRejected: Bool) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.returnedUnsoldOrder(isRejected: isRejected)
            let sold = try service.returnedUnpaidOrder()
            if isRejected {
                try service.execute(
                    "UPDATE orders SET personal_data = 'invoice' WHERE id = \(order.id)"
                )
            }
            service.advance(by: .days(179))
            try service.drain()
            #expect(try left(service, of: order.id) == (isRejected ? "invoice" : "whole"))
            let standing = try service.services.retentionStore.standings(until: service.soon)
                .first { $0.name == "orders_unpaid" }
            #expect(standing?.oldest != nil)
            service.advance(by: .days(2))
            try service.drain()
            #expect(try left(service, of: order.id) == "none")
            #expect(try left(service, of: sold.id) == "whole")
            #expect(try removed(service, "orders_unpaid") == 1)
        }
    }

    @Test("shows in the metrics, class by class")
    func metrics() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.placedOrder()
            service.advance(by: .days(10))
            try service.drain()
            try service.services.makeSampler().drain()
            let lines = service.send(.get, "/metrics").text.split(separator: "\n").map(String.init)
            #expect(lines.contains(#"orderd_retention_removed{class="checkout_sessions"} 1"#))
            let oldest = lines.first {
                $0.hasPrefix(#"orderd_retention_oldest_seconds{class="orders_unpaid"}"#)
            }
            let seconds = try #require(oldest?.split(separator: " ").last.flatMap { Int($0) })
            #expect(seconds >= 10 * 86_400)
        }
    }
}
