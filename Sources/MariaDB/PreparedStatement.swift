internal import CMariaDB

/// A statement prepared at the server, used by one thread at a time.
///
/// It may outlive its connection: `mysql_close` detaches the statements, and then only memory is
/// left to free.
final class PreparedStatement {
    private let handle: UnsafeMutablePointer<MYSQL_STMT>

    /// Prepares `text`.
    ///
    /// The corresponding C function is `mysql_stmt_prepare`.
    init(
        _ text: String,
        on connection: UnsafeMutablePointer<MYSQL>
    ) throws(MariaDBError.Failure) {
        guard let handle = mysql_stmt_init(connection) else { throw .outOfMemory }
        var text = text
        let status = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                mysql_stmt_prepare(handle, characters.baseAddress, UInt(characters.count))
            }
        }
        guard status == 0 else {
            let failure = MariaDBError.Failure(of: handle).beforeExecution
            mysql_stmt_close(handle)
            throw failure
        }
        self.handle = handle
    }

    deinit {
        mysql_stmt_close(handle)
    }

    /// Executes the statement and reads its answer whole.
    func execute(_ values: [SQLValue]) throws(MariaDBError) -> StatementAnswer {
        precondition(
            mysql_stmt_param_count(handle) == values.count,
            "a statement has one placeholder for each value"
        )
        let parameters = ParameterArena(values)
        guard parameters.execute(handle) else { throw .failed(MariaDBError.Failure(of: handle)) }
        defer { finish() }
        // All ones mean that there is no count, as for a result not read yet.
        let execution = Execution(
            affectedRows: Int(exactly: mysql_stmt_affected_rows(handle)) ?? 0,
            lastInsertID: mysql_stmt_insert_id(handle)
        )
        let columns = Int(mysql_stmt_field_count(handle))
        guard columns > 0, let fields = mariadb_stmt_fetch_fields(handle) else {
            return StatementAnswer(rows: [], execution: execution)
        }
        let result = ResultArena(UnsafeBufferPointer(start: fields, count: columns))
        return StatementAnswer(rows: try result.readRows(of: handle), execution: execution)
    }

    /// Leaves nothing unread, so that the connection can take the next command.
    private func finish() {
        mysql_stmt_free_result(handle)
        // A procedure's call is answered by one more result than it selects.
        while mysql_stmt_more_results(handle) != 0, mysql_stmt_next_result(handle) == 0 {
            mysql_stmt_free_result(handle)
        }
    }
}

/// What a statement without rows reports.
package struct Execution: Sendable, Equatable {
    /// Rows inserted, deleted or really changed; an UPDATE to equal values does not count, and
    /// `ON DUPLICATE KEY UPDATE` counts 2 for a changed row.
    package var affectedRows: Int
    /// The value of `AUTO_INCREMENT` of the first row inserted, or 0.
    package var lastInsertID: UInt64

    package init(affectedRows: Int, lastInsertID: UInt64 = 0) {
        self.affectedRows = affectedRows
        self.lastInsertID = lastInsertID
    }
}

/// All that a statement can answer.
struct StatementAnswer {
    var rows: [Row]
    var execution: Execution
}
