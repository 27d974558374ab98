import Commerce
import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing

@testable import OrderService

@Suite("Demo orders in the database", .serialized, .enabled(if: TestDatabase.isAvailable))
struct SeedWriterTests {
    private static let count = 1_500

    private static let migrations =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("sql").path

    /// Runs `body` with a migrated schema that has demo orders.
    private static func withDemoData(
        count: Int = count,
        seed: UInt64 = 1,
        _ body: @escaping @Sendable (Database, Deadline) throws -> Void
    ) async throws {
        try await TestDatabase.withSchema { database in
            let deadline = Deadline.after(.seconds(300))
            _ = try SchemaMigrator(database: database).migrate(from: migrations, until: deadline)
            try write(count: count, seed: seed, into: database, until: deadline)
            try body(database, deadline)
        }
    }

    private static func write(
        count: Int,
        seed: UInt64,
        into database: Database,
        until deadline: Deadline
    ) throws {
        try SeedWriter(database: database).write(
            .sample(count, seed: seed),
            of: SeedPeople(customers: 20, seed: seed),
            with: .sample(orders: count, seed: seed),
            until: deadline
        ) { _ in }
    }

    /// Expects a statement that looks for what must not be to find nothing.
    private static func expectNone(
        _ statement: SQL,
        _ database: Database,
        until deadline: Deadline,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let rows = try database.query(statement, class: .job, until: deadline)
        #expect(rows.isEmpty, sourceLocation: sourceLocation)
    }

    @Test("are all there, with what belongs to them")
    func writesAll() async throws {
        try await Self.withDemoData { database, deadline in
            let rows = try database.query("SELECT COUNT(*) AS n FROM orders", until: deadline)
            let count = try rows[0].int("n")
            #expect(count == Self.count)
            try Self.expectNone(
                """
                SELECT o.id FROM orders o LEFT JOIN reservations r ON r.order_id = o.id
                LEFT JOIN payments p ON p.order_id = o.id
                WHERE r.id IS NULL OR (p.id IS NULL) <> (o.payment_status = 'none_required')
                    OR p.status <> o.payment_status OR p.amount_minor <> o.total_minor
                """,
                database,
                until: deadline
            )
            try Self.expectNone(
                "SELECT id FROM outbox",
                database,
                until: deadline
            )
        }
    }

    @Test("are found by the words of their names")
    func haveWords() async throws {
        try await Self.withDemoData { database, deadline in
            try Self.expectNone(
                """
                SELECT o.id FROM orders o WHERE (SELECT COUNT(*) FROM order_name_words w
                    WHERE w.order_id = o.id AND w.placed_at = o.created_at
                        AND o.name_words LIKE CONCAT('% ', w.word, ' %')) < 2
                """,
                database,
                until: deadline
            )
        }
    }

    @Test("have a refund for what a payment gave back")
    func refundsAddUp() async throws {
        try await Self.withDemoData { database, deadline in
            try Self.expectNone(
                """
                SELECT p.id, p.refunded_minor, SUM(r.amount_minor) AS refunded
                FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id
                GROUP BY p.id, p.refunded_minor HAVING p.refunded_minor <> COALESCE(refunded, 0)
                """,
                database,
                until: deadline
            )
            let rows = try database.query("SELECT COUNT(*) AS n FROM refunds", until: deadline)
            #expect(try rows[0].int("n") > 0)
        }
    }

    @Test("have totals that are the sums of their lines, with tax and shipping")
    func totalsAreSums() async throws {
        try await Self.withDemoData { database, deadline in
            try Self.expectNone(
                """
                SELECT o.id, SUM(l.total_minor) AS items, SUM(l.vat_minor) AS vat,
                    SUM(l.quantity) AS quantity
                FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
                GROUP BY o.id, o.items_minor, o.shipping_minor, o.total_minor, o.item_count
                HAVING items IS NULL OR items <> o.items_minor OR vat > o.total_minor
                    OR items + o.shipping_minor <> o.total_minor OR quantity <> o.item_count
                """,
                database,
                until: deadline
            )
            let store = OrderStore(database: database)
            for id in Int64(1)...200 {
                let order = try #require(try store.find(id, until: deadline))
                let totals = try Totals(
                    lines: try store.lines(of: id, until: deadline),
                    shipping: nil,
                    currency: .ron
                )
                #expect(totals.items == order.items)
                #expect(OrderNumber(parsing: order.number)?.description == order.number)
            }
        }
    }

    @Test("are numbered without gaps for each customer, in the order of their times")
    func historiesAreDense() async throws {
        try await Self.withDemoData { database, deadline in
            try Self.expectNone(
                """
                SELECT id FROM (SELECT id, user_seq, ROW_NUMBER() OVER (PARTITION BY user_id
                    ORDER BY created_at) AS place FROM orders WHERE user_id IS NOT NULL) AS o
                WHERE user_seq IS NULL OR user_seq <> place
                """,
                database,
                until: deadline
            )
            try Self.expectNone(
                """
                SELECT c.user_id FROM customers c LEFT JOIN orders o ON o.user_id = c.user_id
                GROUP BY c.user_id, c.orders_count HAVING c.orders_count <> COUNT(o.id)
                """,
                database,
                until: deadline
            )
            let store = OrderStore(database: database)
            for id in ["1001", "1002"] {
                let page = try store.history(of: id, page: 0, size: 3, until: deadline)
                #expect(page.total >= 3)
                #expect(page.orders.count == 3)
            }
        }
    }

    @Test("have amounts, attempts and shipments that fit their states")
    func statesFit() async throws {
        try await Self.withDemoData { database, deadline in
            try Self.expectNone(
                """
                SELECT id FROM payments WHERE refunded_minor > captured_minor
                    OR (captured_minor > amount_minor) <> (status = 'overpaid')
                    OR (captured_minor > 0) <> (completed_at IS NOT NULL)
                    OR (status = 'refunded') <> (refunded_minor > 0
                        AND refunded_minor = captured_minor)
                    OR (status = 'partially_refunded') <> (refunded_minor > 0
                        AND refunded_minor < captured_minor)
                    OR (capture_method = 'none') <> (provider_key IS NULL)
                """,
                database,
                until: deadline
            )
            try Self.expectNone(
                """
                SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id
                WHERE (o.payment_method = 'card' AND p.captured_minor > 0) AND NOT EXISTS
                    (SELECT 1 FROM payment_attempts a
                     WHERE a.payment_id = p.id AND a.status = 'succeeded')
                """,
                database,
                until: deadline
            )
            try Self.expectNone(
                """
                SELECT o.id FROM orders o LEFT JOIN shipments s ON s.order_id = o.id
                WHERE (o.status IN ('in_fulfilment', 'shipped', 'delivered', 'returned'))
                    <> (s.id IS NOT NULL) OR (o.status <> 'in_fulfilment' AND s.status <> o.status)
                """,
                database,
                until: deadline
            )
        }
    }

    @Test("have invoices and credit notes without a gap, one an order that was sold")
    func invoices() async throws {
        try await Self.withDemoData { database, deadline in
            let verification = InvoiceVerification(
                archive: InvoiceArchive(database: database),
                backlog: InvoiceBacklog(database: database),
                clock: WallClock(),
                retention: .days(2_375)
            )
            let report = try verification.run(until: deadline)
            #expect(report.findings == [] && report.documents > Self.count / 2)
            try Self.expectNone(
                """
                SELECT id FROM orders o WHERE total_minor > 0
                    AND (status IN ('confirmed', 'in_fulfilment') AND payment_method = 'card'
                        OR status IN ('shipped', 'delivered'))
                    AND (SELECT COUNT(*) FROM invoices i
                        WHERE i.order_id = o.id AND i.kind = 'invoice') <> 1
                """,
                database,
                until: deadline
            )
            try Self.expectNone(
                """
                SELECT i.id FROM invoices i JOIN payments p ON p.order_id = i.order_id
                WHERE i.kind = 'invoice' AND p.captured_minor = i.gross_minor
                    AND p.refunded_minor <> (SELECT COALESCE(SUM(c.gross_minor), 0)
                        FROM invoices c WHERE c.credited_id = i.id)
                """,
                database,
                until: deadline
            )
            let states = try database.query(
                "SELECT DISTINCT state FROM invoices ORDER BY state",
                until: deadline
            ).map { try $0.string("state") }
            #expect(states == ["ok", "queued"])
        }
    }

    @Test("are not written where there are orders")
    func leavesOrdersAlone() async throws {
        try await Self.withDemoData(count: 3) { database, deadline in
            #expect(throws: SeedWriter.Failure.hasOrders) {
                try Self.write(count: 3, seed: 2, into: database, until: deadline)
            }
            let rows = try database.query("SELECT COUNT(*) AS n FROM orders", until: deadline)
            let count = try rows[0].int("n")
            #expect(count == 3)
        }
    }

    @Test("are written again after the database was emptied, the very same")
    func repeats() async throws {
        let first = try await Self.checksums(count: 200, seed: 1)
        #expect(try await Self.checksums(count: 200, seed: 1) == first)
        #expect(try await Self.checksums(count: 200, seed: 2) != first)
    }

    private static func checksums(count: Int, seed: UInt64) async throws -> [Int64] {
        try await TestDatabase.withSchema { database in
            let deadline = Deadline.after(.seconds(300))
            _ = try SchemaMigrator(database: database).migrate(from: migrations, until: deadline)
            try write(count: count, seed: seed, into: database, until: deadline)
            // Not of tables with generated columns: MariaDB's checksum takes in what happens to
            // lie in memory under their NULLs, and differs for equal rows.
            let rows = try database.query(
                "CHECKSUM TABLE orders, order_lines, payment_attempts, order_events, shipments",
                class: .job,
                until: deadline
            )
            return try rows.map { try $0.int64("Checksum") }
        }
    }
}
