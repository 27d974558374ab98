internal import CMariaDB

/// The library's state of the process.
///
/// Threads need nothing of their own: in Connector/C 3, `mysql_thread_init` and
/// `mysql_thread_end` are empty functions, so a connection may be lent to any thread, one at a
/// time, and Dispatch's threads may come and go.
enum ClientLibrary {
    // mysql_init would do it, too, but the library is not safe to be set up by its first users.
    private static let isReady = mysql_server_init(0, nil, nil) == 0

    /// Sets the library up once.
    ///
    /// The corresponding C function is `mysql_library_init`.
    static func prepare() {
        precondition(isReady, "libmariadb cannot be initialised")
    }
}

extension MariaDBError.Failure {
    /// What the connection's last call reported.
    init(of connection: UnsafeMutablePointer<MYSQL>) {
        let code = MariaDBError.Code(rawValue: mysql_errno(connection))
        self.init(
            code: code,
            sqlState: mysql_sqlstate(connection).map { String(cString: $0) } ?? "HY000",
            message: mysql_error(connection).map { String(cString: $0) } ?? "",
            isNotExecuted: code.provesNotExecuted
        )
    }

    /// What the statement's last call reported.
    init(of statement: UnsafeMutablePointer<MYSQL_STMT>) {
        let code = MariaDBError.Code(rawValue: mysql_stmt_errno(statement))
        self.init(
            code: code,
            sqlState: mysql_stmt_sqlstate(statement).map { String(cString: $0) } ?? "HY000",
            message: mysql_stmt_error(statement).map { String(cString: $0) } ?? "",
            isNotExecuted: code.provesNotExecuted
        )
    }

    /// The library could not allocate what it needs.
    static let outOfMemory = MariaDBError.Failure(
        code: .outOfMemory,
        sqlState: "HY001",
        message: "out of memory",
        isNotExecuted: true
    )

    /// The same failure at a step before the execution, such as preparing.
    var beforeExecution: MariaDBError.Failure {
        var failure = self
        failure.isNotExecuted = true
        return failure
    }
}
