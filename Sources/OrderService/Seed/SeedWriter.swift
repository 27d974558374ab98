import Commerce
import MariaDB
import Resilience

/// Writes demo orders, all of them or none.
struct SeedWriter: Sendable {
    /// Why nothing is written.
    enum Failure: Error, CustomStringConvertible {
        case hasOrders
        case running

        var description: String {
            switch self {
            case .hasOrders: "the database has orders already; nothing was written"
            case .running: "the demo data are being written already"
            }
        }
    }

    /// Rows of one statement: many where there are many, and a few more counts for the rest, so
    /// that the statements of all tables stay prepared.
    private static let chunks = [256, 64, 16, 4, 1]
    /// Orders that are made before their rows are sent.
    private static let batch = 500

    let database: Database

    /// Whether the database has an order, seen or unseen.
    func hasOrders(until deadline: Deadline) throws -> Bool {
        try !database.query("SELECT 1 FROM orders LIMIT 1", until: deadline).isEmpty
    }

    /// Writes `orders` in one transaction; blocks until it is committed.
    ///
    /// - Parameters:
    ///   - orders: from the first on; written again from there if the transaction has to be.
    ///   - people: whose customers get their counts.
    ///   - invoices: of those orders, none issued yet.
    ///   - deadline: by which it is committed, or nothing is written.
    ///   - progress: told now and then how many orders are sent.
    /// - Throws: `Failure`, `MariaDBError`.
    func write(
        _ orders: SeedOrders,
        of people: SeedPeople,
        with invoices: SeedInvoices,
        until deadline: Deadline,
        progress: (Int) -> Void
    ) throws {
        try database.withConnection(until: deadline) { connection in
            let lock = try connection.query(
                "SELECT GET_LOCK(CONCAT(DATABASE(), '.seed'), 2) AS held",
                class: .job,
                until: deadline
            )
            guard try lock.first?.optionalInt("held") == 1 else { throw Failure.running }
            guard try !hasOrders(until: deadline) else { throw Failure.hasOrders }
            try database.transaction(class: .job, until: deadline) { transaction in
                var orders = orders
                var invoices = invoices
                try Self.writeCustomers(orders.counts, of: people, in: &transaction)
                try Self.writeSeries(invoices, in: &transaction)
                var count = 0
                while true {
                    let sent = try Self.writeBatch(&orders, &invoices, in: &transaction)
                    guard sent > 0 else { break }
                    count += sent
                    progress(count)
                }
                try Self.writeSeries(invoices, in: &transaction)
                try Self.writeCustomers(orders.counts, of: people, in: &transaction)
            }
        }
    }

    /// Writes some orders, and what was issued before the next ones; at the end all that is left.
    private static func writeBatch(
        _ orders: inout SeedOrders,
        _ invoices: inout SeedInvoices,
        in transaction: inout Transaction
    ) throws -> Int {
        var rows = SeedTable.allCases.map { _ in [[SQLValue]]() }
        var count = 0
        var first: Int64?
        var last: Int64?
        while count < batch, let order = try orders.next() {
            first = first ?? order.purchase.id
            last = order.purchase.id
            for row in order.rows { rows[row.table.rawValue].append(row.values) }
            invoices.add(order)
            count += 1
        }
        let firstInvoice = invoices.lastID + 1
        for row in try invoices.rows(isEnd: count < batch) {
            rows[row.table.rawValue].append(row.values)
        }
        for table in SeedTable.allCases {
            try insert(rows[table.rawValue], in: &transaction) { table.insertion(of: $0) }
        }
        if let first, let last {
            try OrderNameWords.insert(ofOrders: first...last, in: &transaction)
        }
        if firstInvoice <= invoices.lastID {
            let issued = firstInvoice...invoices.lastID
            try InvoiceNameWords.rewrite(ofInvoices: issued, in: &transaction)
        }
        return count
    }

    private static func writeSeries(
        _ invoices: SeedInvoices,
        in transaction: inout Transaction
    ) throws {
        for series in invoices.series {
            try transaction.execute(
                """
                INSERT INTO invoice_series (series, kind, next_ordinal, last_issued_on)
                VALUES (\(series.name), \(series.kind.rawValue), \(series.next),
                    \(series.last?.description))
                ON DUPLICATE KEY UPDATE next_ordinal = VALUES(next_ordinal),
                    last_issued_on = VALUES(last_issued_on)
                """
            )
        }
    }

    private static func writeCustomers(
        _ counts: [Int64],
        of people: SeedPeople,
        in transaction: inout Transaction
    ) throws {
        let rows = zip(people.customers, counts).map { person, count in
            [person.userID.sqlValue, count.sqlValue]
        }
        try insert(rows, in: &transaction) { rows in
            """
            INSERT INTO customers (user_id, orders_count) VALUES \(rows: rows)
            ON DUPLICATE KEY UPDATE orders_count = VALUES(orders_count)
            """
        }
    }

    private static func insert(
        _ rows: [[SQLValue]],
        in transaction: inout Transaction,
        _ statement: (ArraySlice<[SQLValue]>) -> SQL
    ) throws {
        var rest = rows[...]
        for size in chunks {
            while rest.count >= size {
                try transaction.execute(statement(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
        }
    }
}
