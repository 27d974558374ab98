package import Resilience
import Synchronization

/// A Redis server, reached through a bounded set of kept connections.
///
/// Every call blocks the calling thread, at most until its deadline or for the operation timeout,
/// whichever is earlier; the wait for a connection and connecting count. A connection that failed
/// is dropped; a kept one that the server has closed meanwhile, for instance by a restart, is
/// noticed before it is used. No command is ever sent twice.
///
/// With a breaker a server that is ill is not waited for: calls throw `RedisError.breakerOpen` at
/// once. What has to be tried whatever the breaker says, such as dropping stale entries, is urgent.
///
/// The process has to ignore SIGPIPE, because hiredis writes with `write(2)`.
package final class RedisClient: Sendable {
    package typealias Usage = Pool<RedisConnection>.Usage

    private let configuration: RedisConfiguration
    private let pool: Pool<RedisConnection>
    private let breaker: CircuitBreaker?
    private let whenLost: @Sendable () -> Void
    private let isClosed = Atomic(false)
    /// Whether the last call that was heard of found the server silent, away or of no use.
    private let isIll = Atomic(false)

    /// Makes the client; the first command connects.
    ///
    /// - Parameters:
    ///   - configuration: where the server is, and how long it is waited for.
    ///   - breaker: stands before all calls but urgent ones.
    ///   - whenLost: is told, on the calling thread and before the call goes on, that the server was
    ///     lost or is no more what it was: a connection was refused or has ended, also an idle one,
    ///     it loads its data, is no primary or takes no writes, or the breaker lets nothing through.
    ///     Must not block.
    package init(
        _ configuration: RedisConfiguration,
        breaker: CircuitBreaker? = nil,
        whenLost: @escaping @Sendable () -> Void = {}
    ) {
        self.configuration = configuration
        self.breaker = breaker
        self.whenLost = whenLost
        pool = Pool(size: configuration.poolSize, maximumWait: configuration.poolWait)
    }

    /// Sends one command and waits for its reply.
    ///
    /// - Parameters:
    ///   - command: what to do.
    ///   - deadline: the request's deadline.
    ///   - timeout: instead of the operation timeout, for a command that waits at the server,
    ///     such as `XREAD BLOCK`; it must exceed that wait.
    ///   - isUrgent: whether to try it although the breaker is open.
    /// - Returns: the reply, never `Reply.error`.
    /// - Throws: `RedisError.server` if the server refuses the command, and any other
    ///   `RedisError`.
    package func send(
        _ command: Command,
        until deadline: Deadline,
        timeout: Duration? = nil,
        isUrgent: Bool = false
    ) throws(RedisError) -> Reply {
        let limit = deadline.tightened(to: timeout ?? configuration.operationTimeout)
        let replies = try watched(isUrgent, limit, of: deadline) { () throws(RedisError) in
            try noted([command], until: limit, of: deadline)
        }
        guard let reply = replies.first else { throw .protocolViolation("no reply") }
        if case .error(let error) = reply { throw .server(error) }
        return reply
    }

    /// Sends all commands at once and waits for their replies, which keep the order.
    ///
    /// A command that the server refuses has a `Reply.error` in its place; the others are carried
    /// out nevertheless, and other clients' commands may come in between.
    ///
    /// - Parameters:
    ///   - commands: what to do, in this order.
    ///   - calls: for how many they stand: so many have failed if this one does.
    ///   - deadline: the request's deadline.
    /// - Returns: a reply for each command.
    /// - Throws: any `RedisError` but `.server`, except for a refused sign-in.
    package func pipeline(
        _ commands: [Command],
        standingFor calls: Int = 1,
        until deadline: Deadline
    ) throws(RedisError) -> [Reply] {
        guard !commands.isEmpty else { return [] }
        let limit = deadline.tightened(to: configuration.operationTimeout)
        return try watched(false, standingFor: calls, limit, of: deadline) {
            () throws(RedisError) in
            try noted(commands, until: limit, of: deadline)
        }
    }

    /// Runs a script at the server, as one step.
    ///
    /// - Throws: `RedisError.server` if the script fails, and any other `RedisError`.
    package func evaluate(
        _ script: Script,
        keys: [any RedisArgument],
        arguments: [any RedisArgument] = [],
        until deadline: Deadline
    ) throws(RedisError) -> Reply {
        try send(.script(script, keys: keys, arguments: arguments), until: deadline)
    }

    /// Closes idle connections now and lent ones when they come back; every later call throws
    /// `RedisError.closed`.
    package func close() {
        isClosed.store(true, ordering: .sequentiallyConsistent)
        pool.drain()
    }

    package var usage: Usage { pool.usage }

    /// Limits an operation that names no limit of its own.
    package var operationTimeout: Duration { configuration.operationTimeout }

    package var connectTimeout: Duration { configuration.connectTimeout }

    /// What a server has said, and whether it is of no use.
    typealias Heard = (replies: [Reply], isIll: Bool)

    /// Makes a call if the breaker lets it through, and tells it how the call ended.
    ///
    /// A server that gave the last call nothing is not waited for with the caller's turn.
    ///
    /// - Parameters:
    ///   - isUrgent: whether to make it whatever the breaker says.
    ///   - calls: for how many it stands.
    ///   - limit: when the call ends by itself.
    ///   - deadline: the caller's; a server is not to blame for it.
    ///   - call: to be made.
    /// - Returns: its replies.
    /// - Throws: `RedisError.breakerOpen`, and what the call throws.
    func watched(
        _ isUrgent: Bool,
        standingFor calls: Int = 1,
        _ limit: Deadline,
        of deadline: Deadline,
        _ call: () throws(RedisError) -> Heard
    ) throws(RedisError) -> [Reply] {
        guard isIll.load(ordering: .relaxed) else {
            return try permitted(isUrgent, calls, limit, of: deadline, call)
        }
        return try Turn.whileWhollyAway { () throws(RedisError) in
            try permitted(isUrgent, calls, limit, of: deadline, call)
        }
    }

    private func permitted(
        _ isUrgent: Bool,
        _ calls: Int,
        _ limit: Deadline,
        of deadline: Deadline,
        _ call: () throws(RedisError) -> Heard
    ) throws(RedisError) -> [Reply] {
        guard let breaker, !isUrgent else {
            return try told(limit, of: deadline, call).replies
        }
        guard let permit = try? breaker.acquire() else {
            whenLost()
            throw .breakerOpen
        }
        do throws(RedisError) {
            let (replies, isIll) = try told(limit, of: deadline, call)
            permit.end(isIll ? .failure : .success)
            if isIll { noteFailures(calls - 1, breaker) }
            return replies
        } catch {
            let isOurs = Self.isOurs(error, limit, deadline)
            permit.end(isOurs ? .ignored : .failure)
            if !isOurs { noteFailures(calls - 1, breaker) }
            throw error
        }
    }

    /// Counts further calls that failed with one, as far as the breaker lets them through.
    private func noteFailures(_ count: Int, _ breaker: CircuitBreaker) {
        for _ in 0..<count {
            guard let permit = try? breaker.acquire() else { return }
            permit.end(.failure)
        }
    }

    /// Keeps in mind how a call found the server.
    private func told(
        _ limit: Deadline,
        of deadline: Deadline,
        _ call: () throws(RedisError) -> Heard
    ) throws(RedisError) -> Heard {
        do throws(RedisError) {
            let heard = try call()
            // All threads read it at each trip; it is written only where it changes.
            if isIll.load(ordering: .relaxed) != heard.isIll {
                isIll.store(heard.isIll, ordering: .relaxed)
            }
            return heard
        } catch {
            if !Self.isOurs(error, limit, deadline) { isIll.store(true, ordering: .relaxed) }
            throw error
        }
    }

    /// Runs commands, and says so where the server is lost or no more what it was.
    func noted(
        _ commands: [Command],
        until limit: Deadline,
        of deadline: Deadline
    ) throws(RedisError) -> Heard {
        do throws(RedisError) {
            let replies = try run(commands, until: limit)
            let isIll = replies.contains(where: \.isOfIllServer)
            if isIll { lose() }
            return (replies, isIll)
        } catch {
            switch error {
            case .connectionLost: lose()
            case .connectionFailed where !Self.isOurs(error, limit, deadline): lose()
            default: break
            }
            throw error
        }
    }

    /// Whether a caller who left less time than an operation may take has only himself to blame.
    private static func isOurs(_ error: RedisError, _ limit: Deadline, _ deadline: Deadline) -> Bool
    {
        error.isOfClient || (limit == deadline && deadline.isExpired)
    }

    /// The other kept connections are dead as well, and none of them is to tell it again.
    private func lose() {
        pool.drain()
        whenLost()
    }

    private func run(
        _ commands: [Command],
        until deadline: Deadline
    ) throws(RedisError) -> [Reply] {
        guard !isClosed.load(ordering: .sequentiallyConsistent) else { throw .closed }
        let slot: Pool<RedisConnection>.Slot
        do {
            slot = try pool.borrow(until: deadline)
        } catch {
            throw .poolExhausted
        }
        defer {
            pool.giveBack(slot)
            if isClosed.load(ordering: .sequentiallyConsistent) { pool.drain() }
        }
        // Taken out of the slot, so that an error leaves the slot empty.
        var connection = try takeConnection(from: slot, until: deadline)
        let replies = try connection.run(commands, until: deadline)
        slot.resource = consume connection
        return replies
    }

    private func takeConnection(
        from slot: Pool<RedisConnection>.Slot,
        until deadline: Deadline
    ) throws(RedisError) -> RedisConnection {
        if let kept = slot.resource.take() {
            if kept.isAlive { return kept }
            lose()
        }
        return try RedisConnection.open(
            configuration,
            until: deadline.tightened(to: configuration.connectTimeout)
        )
    }
}

extension RedisError {
    /// Whether the call failed here, before the server could show how it is.
    fileprivate var isOfClient: Bool { self == .poolExhausted || self == .closed }
}

extension Reply {
    /// Whether the server answers, and is of no use: it loads its data, has lost its primary or its
    /// cluster, has become a replica, knows us no more, or takes no writes because it can save none or
    /// copies none.
    fileprivate var isOfIllServer: Bool {
        guard case .error(let error) = self else { return false }
        return Self.codesOfIllServer.contains(error.code)
    }

    private static let codesOfIllServer: Set<RedisServerError.Code> = [
        .loading, .masterDown, .clusterDown, .readOnly, .noAuthentication, .misconfigured,
        .noReplicas,
    ]
}
