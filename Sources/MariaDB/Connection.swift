internal import CMariaDB
internal import Glibc
package import Resilience

/// One session at the server, used by one thread at a time; closed in `deinit`.
package struct Connection: ~Copyable {
    private let handle: UnsafeMutablePointer<MYSQL>
    let limits: StatementLimits
    private var statements: LeastRecentlyUsed<String, PreparedStatement>

    /// Whether the session is lost or out of step, so that it must be closed.
    private(set) var isBroken = false
    /// Whether it has been idle in the pool, and may have died there.
    var hasIdled = false
    /// Statements prepared at the server, since it was connected.
    private(set) var preparations = 0

    init(
        adopting handle: UnsafeMutablePointer<MYSQL>,
        limits: StatementLimits,
        statementCacheSize: Int
    ) {
        self.handle = handle
        self.limits = limits
        statements = LeastRecentlyUsed(limit: statementCacheSize)
    }

    deinit {
        mysql_close(handle)
    }

    /// Runs a statement and reads its rows; blocks until they are there.
    package mutating func query(
        _ statement: SQL,
        class statementClass: StatementClass = .lookUp,
        until deadline: Deadline
    ) throws(MariaDBError) -> [Row] {
        try run(statement, statementClass, until: deadline).rows
    }

    /// Runs a statement for its effect; blocks until it is done.
    @discardableResult
    package mutating func execute(
        _ statement: SQL,
        class statementClass: StatementClass = .write,
        until deadline: Deadline
    ) throws(MariaDBError) -> Execution {
        try run(statement, statementClass, until: deadline).execution
    }

    mutating func run(
        _ statement: SQL,
        _ statementClass: StatementClass,
        until deadline: Deadline
    ) throws(MariaDBError) -> StatementAnswer {
        let text = limits.prefix(for: statementClass) + statement.text
        let patience = limits.patience(for: statementClass)
        let prepared = try prepare(text, isKept: statement.isKept, patience, until: deadline)
        let limit = try limitWaiting(to: patience, until: deadline)
        do throws(MariaDBError) {
            return try prepared.execute(statement.values)
        } catch {
            if case .failed(let failure) = error, failure.code.makesStatementStale {
                statements.remove(text)
            }
            throw noted(error, waitingUntil: limit, deadline)
        }
    }

    private mutating func prepare(
        _ text: String,
        isKept: Bool,
        _ patience: Duration,
        until deadline: Deadline
    ) throws(MariaDBError) -> PreparedStatement {
        if isKept, let known = statements.value(for: text) { return known }
        let limit = try limitWaiting(to: patience, until: deadline)
        do throws(MariaDBError.Failure) {
            let prepared = try PreparedStatement(text, on: handle)
            preparations += 1
            if isKept { statements.insert(prepared, for: text) }
            return prepared
        } catch {
            throw noted(.failed(error), waitingUntil: limit, deadline)
        }
    }

    /// Sends a command that takes no values, such as `COMMIT`, and reads its answer.
    mutating func command(
        _ text: String,
        patience: Duration,
        until deadline: Deadline
    ) throws(MariaDBError) {
        let limit = try limitWaiting(to: patience, until: deadline)
        let failure = send(text)
        if let failure { throw noted(.failed(failure), waitingUntil: limit, deadline) }
    }

    /// Asks the server for a sign of life.
    ///
    /// The corresponding C function is `mysql_ping`.
    mutating func ping(until deadline: Deadline) throws(MariaDBError) {
        let limit = try limitWaiting(to: limits.patience(for: .lookUp), until: deadline)
        guard mysql_ping(handle) != 0 else { return }
        throw noted(.failed(MariaDBError.Failure(of: handle)), waitingUntil: limit, deadline)
    }

    /// Whether nothing speaks against lending the idle session; costs one system call.
    ///
    /// A server that ended the session has closed the socket, or has sent an error before that.
    /// Between two commands there is nothing else to read.
    func seemsAlive() -> Bool {
        var byte: UInt8 = 0
        let flags = Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)
        let count = recv(mysql_get_socket(handle), &byte, 1, flags)
        return count < 0 && (errno == EAGAIN || errno == EINTR)
    }
}

extension Connection {
    /// Runs the statements of a script one after another, until one fails.
    ///
    /// The server splits the script, so it may hold anything that its parser takes. Meant for
    /// migrations: without values, not atomic, and without a limit but `deadline`, which is how long
    /// it waits for locks too.
    package mutating func executeScript(
        _ script: String,
        until deadline: Deadline
    ) throws(MariaDBError) {
        var limit = try limitWaiting(to: deadline.remaining, until: deadline)
        mysql_set_server_option(handle, MYSQL_OPTION_MULTI_STATEMENTS_ON)
        defer {
            if !isBroken { mysql_set_server_option(handle, MYSQL_OPTION_MULTI_STATEMENTS_OFF) }
        }
        // Data definition waits for InnoDB's own tables of statistics, which a busy server holds for
        // seconds; half a script is worse than a long wait.
        let seconds = max(1, deadline.remaining.components.seconds)
        let waiting = "innodb_lock_wait_timeout"
        let setting = send("SET @usual_wait = @@\(waiting), SESSION \(waiting) = \(seconds)")
        defer {
            if !isBroken { _ = send("SET SESSION \(waiting) = @usual_wait, @usual_wait = NULL") }
        }
        var failure = setting ?? send(script)
        var position = 1
        while failure == nil, mysql_more_results(handle) != 0 {
            limit = try limitWaiting(to: deadline.remaining, until: deadline)
            position += 1
            failure = mysql_next_result(handle) > 0 ? .init(of: handle) : discardResult()
        }
        guard var failure else { return }
        failure.message += " (statement \(position) of the script)"
        // The statements before it are done, whatever became of this one.
        failure.isNotExecuted = failure.isNotExecuted && position == 1
        throw noted(.failed(failure), waitingUntil: limit, deadline)
    }

    /// The corresponding C function is `mysql_real_query`.
    private func send(_ text: String) -> MariaDBError.Failure? {
        var text = text
        let status = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                mysql_real_query(handle, characters.baseAddress, UInt(characters.count))
            }
        }
        return status == 0 ? discardResult() : MariaDBError.Failure(of: handle)
    }

    private func discardResult() -> MariaDBError.Failure? {
        guard mysql_field_count(handle) > 0 else { return nil }
        guard let result = mysql_store_result(handle) else { return .init(of: handle) }
        mysql_free_result(result)
        return nil
    }
}

extension Connection {
    /// Lets the library wait for the server until the returned instant and no longer.
    private mutating func limitWaiting(
        to patience: Duration,
        until deadline: Deadline
    ) throws(MariaDBError) -> Deadline {
        guard !isBroken else { throw .failed(.broken) }
        let limit = deadline.tightened(to: patience)
        let remaining = limit.remaining
        guard remaining > .zero else { throw .deadlineExpired(isNotExecuted: true) }
        cmariadb_set_io_timeout(handle, Int32(clamping: remaining.wholeMilliseconds))
        return limit
    }

    /// Takes the session for lost, so that it is closed and not lent again.
    mutating func abandon() {
        isBroken = true
    }

    /// The error to throw for `error`, after noting what it says of the session.
    private mutating func noted(
        _ error: MariaDBError,
        waitingUntil limit: Deadline,
        _ deadline: Deadline
    ) -> MariaDBError {
        guard case .failed(let failure) = error, failure.code.breaksConnection else { return error }
        isBroken = true
        // The library reports a lost connection for a read that took too long, as well.
        guard failure.code == .connectionLost, limit.isExpired, deadline.isExpired else {
            return error
        }
        return .deadlineExpired(isNotExecuted: failure.isNotExecuted)
    }
}

extension MariaDBError.Code {
    /// Whether the statement has to be prepared again.
    fileprivate var makesStatementStale: Bool {
        switch self {
        case .unknownStatement, .needsReprepare: true
        default: isOfLibrary
        }
    }
}

extension MariaDBError.Failure {
    /// A statement was to be sent over a session that has failed before.
    fileprivate static let broken = MariaDBError.Failure(
        code: .serverGone,
        sqlState: "08S01",
        message: "the connection failed before",
        isNotExecuted: true
    )
}
