import MariaDB
import Resilience

/// Reads rows of `invoices`, and says of one that cannot be read which document it is.
struct InvoiceRows: Sendable {
    let database: Database

    /// The rows that `rest` picks, each made into a value or found to be unreadable.
    ///
    /// A value that no column can hold, such as a day zero, ends the whole answer; the rows are then
    /// read one by one.
    ///
    /// - Parameters:
    ///   - columns: of `invoices i`.
    ///   - rest: what follows `FROM invoices i`.
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
            let rows = try query("\(columns), i.number AS stored_number", rest, until: deadline)
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
        let names: SQL = "i.id, i.public_id, i.number AS stored_number"
        return try query(names, rest, until: deadline).compactMap { name in
            do {
                let one: SQL = "WHERE i.id = \(try name.int64("id"))"
                return try query(columns, one, until: deadline).first.map(make).map { .success($0) }
            } catch {
                return .failure(try UnreadableInvoice(name, error))
            }
        }
    }

    private func query(_ columns: SQL, _ rest: SQL, until deadline: Deadline) throws -> [Row] {
        try database.query(
            "SELECT \(columns) FROM invoices i \(rest)",
            class: .job,
            until: deadline
        )
    }
}

/// A row of `invoices` in which stands what the service would not have written.
struct UnreadableInvoice: Error, CustomStringConvertible {
    let id: Int64
    let publicID: String
    /// As it is stored.
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
        id = try row.int64("id")
        publicID = try row.string("public_id")
        number = try row.optionalString("stored_number")
    }

    /// The document's number, or its id if it has none.
    var subject: String { number ?? publicID }

    var text: String { "its \(column) cannot be read: \(reason) (\(publicID), row \(id))" }

    var description: String { "\(subject): \(text)" }
}
