import MariaDB
import Resilience

/// Reads rows of `invoices` or of their submissions, and says of one that cannot be read which it is.
struct InvoiceRows: Sendable {
    let database: Database
    var source = Source.invoices

    /// A table, and what names a row of it.
    struct Source: Sendable {
        let table: SQL
        let id: SQL
        let publicID: SQL
        /// The document's, as it is stored.
        let number: SQL

        static let invoices = Source(
            table: "invoices i",
            id: "i.id",
            publicID: "i.public_id",
            number: "i.number"
        )
        /// Submissions have no id outside: their place among those of their document.
        static let submissions = Source(
            table: "invoice_submissions s",
            id: "s.id",
            publicID: "CONCAT('submission ', s.attempt)",
            number: "(SELECT i.number FROM invoices i WHERE i.id = s.invoice_id)"
        )
    }

    /// The rows that `rest` picks, each made into a value or found to be unreadable.
    ///
    /// A value that no column can hold, such as a day zero, ends the whole answer; the rows are then
    /// read one by one.
    ///
    /// - Parameters:
    ///   - columns: what `make` reads.
    ///   - rest: what follows the table, `i` or `s`.
    ///   - deadline: of all of it.
    ///   - make: reads a row.
    /// - Returns: what has become of each row, in their order.
    /// - Throws: `MariaDBError`.
    func read<Value>(
        _ columns: SQL,
        _ rest: SQL,
        until deadline: Deadline,
        _ make: (Row) throws -> Value
    ) throws -> [Result<Value, UnreadableInvoice>] {
        do {
            let rows = try query("\(names), \(columns)", rest, until: deadline)
            return try rows.map { row in
                do {
                    return .success(try make(row))
                } catch {
                    return .failure(try UnreadableInvoice(row, error))
                }
            }
        } catch MariaDBError.decoding {
            return try readEach(columns, rest, until: deadline, make)
        }
    }

    private func readEach<Value>(
        _ columns: SQL,
        _ rest: SQL,
        until deadline: Deadline,
        _ make: (Row) throws -> Value
    ) throws -> [Result<Value, UnreadableInvoice>] {
        try query(names, rest, until: deadline).compactMap { name in
            do {
                let one: SQL = "WHERE \(source.id) = \(try name.int64("stored_id"))"
                return try query(columns, one, until: deadline).first.map(make).map { .success($0) }
            } catch {
                return .failure(try UnreadableInvoice(name, error))
            }
        }
    }

    /// What `UnreadableInvoice` reads.
    private var names: SQL {
        """
        \(source.id) AS stored_id, \(source.publicID) AS stored_name,
        \(source.number) AS stored_number
        """
    }

    private func query(_ columns: SQL, _ rest: SQL, until deadline: Deadline) throws -> [Row] {
        try database.query(
            "SELECT \(columns) FROM \(source.table) \(rest)",
            class: .job,
            until: deadline
        )
    }
}

/// A row of `invoices`, or of their submissions, in which stands what the service would not have written.
struct UnreadableInvoice: Error, CustomStringConvertible {
    let id: Int64
    /// The document's public id; of a submission its place among those of its document.
    let name: String
    /// The document's, as it is stored.
    let number: String?
    let column: String
    let reason: String

    /// - Throws: `error` itself if it does not tell of a column.
    init(_ row: Row, _ error: any Error) throws {
        switch error {
        case let unknown as UnknownWord: (column, reason) = (unknown.column, "«\(unknown.word)»")
        case MariaDBError.decoding(let failure): (column, reason) = (failure.column, failure.reason)
        default: throw error
        }
        id = try row.int64("stored_id")
        name = try row.string("stored_name")
        number = try row.optionalString("stored_number")
    }

    /// The document's number, or its id if it has none.
    var subject: String { number ?? name }

    var text: String { "its \(column) cannot be read: \(reason) (\(name), row \(id))" }

    var description: String { "\(subject): \(text)" }
}
