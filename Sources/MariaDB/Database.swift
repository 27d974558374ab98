package import Resilience
internal import Synchronization

/// The database: a pool of connections, and what can be asked of it.
///
/// All calls block the calling thread until the answer is there, at most until their deadline.
/// A connection that died while idle, as after a restart of the server, is replaced unnoticed.
///
/// With a breaker a server that cannot be reached is not waited for: calls throw
/// `MariaDBError.breakerOpen` at once. Only connections count for it, not statements.
package final class Database: Sendable {
    package typealias PoolUsage = Pool<Connection>.Usage

    let configuration: MariaDBConfiguration
    private let pool: Pool<Connection>
    private let breaker: CircuitBreaker?
    private let isClosed = Atomic(false)

    /// Makes a pool without connections; they are made when they are needed.
    ///
    /// Sets up the library, so the first one is to be made before threads are started.
    package init(_ configuration: MariaDBConfiguration, breaker: CircuitBreaker? = nil) {
        ClientLibrary.prepare()
        self.configuration = configuration
        self.breaker = breaker
        pool = Pool(size: configuration.poolSize, maximumWait: configuration.poolWait)
    }

    package var usage: PoolUsage { pool.usage }

    /// Runs a statement outside a transaction and reads its rows.
    package func query(
        _ statement: SQL,
        class statementClass: StatementClass = .lookUp,
        until deadline: Deadline
    ) throws(MariaDBError) -> [Row] {
        try run(statement, statementClass, until: deadline).rows
    }

    /// Runs a statement outside a transaction for its effect.
    @discardableResult
    package func execute(
        _ statement: SQL,
        class statementClass: StatementClass = .write,
        until deadline: Deadline
    ) throws(MariaDBError) -> Execution {
        try run(statement, statementClass, until: deadline).execution
    }

    private func run(
        _ statement: SQL,
        _ statementClass: StatementClass,
        until deadline: Deadline
    ) throws(MariaDBError) -> StatementAnswer {
        let isReadOnly = statement.isReadOnly
        return try withConnectionOfPool(until: deadline, isReadOnly: isReadOnly) {
            connection throws(MariaDBError) in
            try connection.run(statement, statementClass, until: deadline)
        }
    }

    /// Asks the server for a sign of life.
    package func ping(until deadline: Deadline) throws(MariaDBError) {
        try withConnectionOfPool(until: deadline, isReadOnly: true) {
            connection throws(MariaDBError) in
            try connection.ping(until: deadline)
        }
    }

    /// Opens a connection of its own, outside the pool, and closes it after `body`.
    ///
    /// For what belongs to a session and outlives a statement, such as `GET_LOCK`: closing ends
    /// it all, whatever `body` leaves behind.
    @discardableResult
    package func withConnection<Result>(
        until deadline: Deadline,
        _ body: (inout Connection) throws -> Result
    ) throws -> Result {
        guard !isClosed.load(ordering: .relaxed) else { throw MariaDBError.closed }
        var connection = try Connection.connect(configuration, until: deadline)
        return try body(&connection)
    }

    /// Runs the statements of a script over a connection of its own, until one fails.
    package func executeScript(
        _ script: String,
        until deadline: Deadline
    ) throws(MariaDBError) {
        guard !isClosed.load(ordering: .relaxed) else { throw .closed }
        var connection = try Connection.connect(configuration, until: deadline)
        try connection.executeScript(script, until: deadline)
    }

    /// Closes the idle connections, and each lent one when it comes back; nothing is lent then.
    package func close() {
        isClosed.store(true, ordering: .relaxed)
        pool.drain()
    }
}

extension Database {
    typealias Slot = Pool<Connection>.Slot

    /// Takes a slot of the pool; the caller owes a `giveBack`.
    func borrowSlot(until deadline: Deadline) throws(MariaDBError) -> Slot {
        guard !isClosed.load(ordering: .relaxed) else { throw .closed }
        guard !deadline.isExpired else { throw .deadlineExpired(isNotExecuted: true) }
        do throws(Pool<Connection>.Exhausted) {
            return try pool.borrow(until: deadline)
        } catch {
            throw deadline.isExpired ? .deadlineExpired(isNotExecuted: true) : .poolExhausted
        }
    }

    /// Takes the slot's connection if it seems alive, or connects.
    func takeConnection(
        of slot: Slot,
        until deadline: Deadline
    ) throws(MariaDBError) -> Connection {
        if let idle = slot.resource.take(), idle.seemsAlive() { return idle }
        return try Connection.connect(configuration, until: deadline)
    }

    /// Puts a connection back into its slot, unless it is of no more use.
    func keep(_ connection: consuming Connection, in slot: Slot) {
        guard !connection.isBroken, !isClosed.load(ordering: .relaxed) else { return }
        var connection = consume connection
        connection.hasIdled = true
        slot.resource = consume connection
    }

    func giveBack(_ slot: Slot) {
        pool.giveBack(slot)
    }

    private func withConnectionOfPool<Answer>(
        until deadline: Deadline,
        isReadOnly: Bool,
        _ body: (inout Connection) throws(MariaDBError) -> Answer
    ) throws(MariaDBError) -> Answer {
        let slot = try borrowSlot(until: deadline)
        defer { giveBack(slot) }
        return try withConnection(of: slot, until: deadline, isReadOnly: isReadOnly, body)
    }

    /// Runs `body` with the slot's connection if the breaker lets it through, and tells it how
    /// the server is.
    func withConnection<Answer>(
        of slot: Slot,
        until deadline: Deadline,
        isReadOnly: Bool,
        _ body: (inout Connection) throws(MariaDBError) -> Answer
    ) throws(MariaDBError) -> Answer {
        guard let breaker else {
            return try useConnection(of: slot, until: deadline, isReadOnly: isReadOnly, body)
        }
        guard let permit = try? breaker.acquire() else { throw .breakerOpen }
        do throws(MariaDBError) {
            let answer = try useConnection(
                of: slot,
                until: deadline,
                isReadOnly: isReadOnly,
                body
            )
            permit.end(.success)
            return answer
        } catch {
            permit.end(error.callResult)
            throw error
        }
    }

    /// Runs `body` with the slot's connection, and once more with a new one if the connection had
    /// died while idle and running it twice does no harm.
    private func useConnection<Answer>(
        of slot: Slot,
        until deadline: Deadline,
        isReadOnly: Bool,
        _ body: (inout Connection) throws(MariaDBError) -> Answer
    ) throws(MariaDBError) -> Answer {
        var connection = try takeConnection(of: slot, until: deadline)
        let hasIdled = connection.hasIdled
        let result = Result { () throws(MariaDBError) in try body(&connection) }
        let isBroken = connection.isBroken
        keep(connection, in: slot)
        guard case .failure(let error) = result else { return try result.get() }
        guard isBroken, hasIdled, isReadOnly || error.isNotExecuted, case .failed = error else {
            throw error
        }
        var replacement = try Connection.connect(configuration, until: deadline)
        let second = Result { () throws(MariaDBError) in try body(&replacement) }
        keep(replacement, in: slot)
        return try second.get()
    }
}

extension MariaDBError {
    /// What the error says of the server: that it refused a statement shows that it is well.
    fileprivate var callResult: CallResult {
        switch self {
        case .connectFailed: .failure
        case .failed(let failure): failure.code.breaksConnection ? .failure : .success
        case .commitOutcomeUnknown, .rollbackFailed: .failure
        case .decoding: .success
        case .poolExhausted, .breakerOpen, .deadlineExpired, .closed: .ignored
        }
    }
}
