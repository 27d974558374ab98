package import Resilience

/// Waiting for a server that is late: only for commands that may be carried out more than once.
extension RedisClient {
    /// No try was answered.
    package struct Unanswered: Error, Equatable {
        /// Of the last try.
        package let cause: RedisError

        /// Whether a try may have been carried out although no answer says so.
        package let mayHaveTakenEffect: Bool
    }

    /// Sends all commands at once, and again while the server is late; one call for the breaker.
    ///
    /// One that is away, or that refuses, is not asked again.
    ///
    /// - Parameters:
    ///   - commands: what to do, in this order; may be done twice.
    ///   - timeouts: how long each try waits, for a connection and for its replies.
    ///   - deadline: the request's deadline.
    /// - Returns: a reply for each command, `Reply.error` for one that the server refuses; and whether
    ///   an earlier try may have been carried out as well.
    /// - Throws: `Unanswered`.
    package func pipeline(
        _ commands: [Command],
        waiting timeouts: [Duration],
        until deadline: Deadline
    ) throws(Unanswered) -> (replies: [Reply], mayBeRepeated: Bool) {
        guard !commands.isEmpty else { return ([], false) }
        guard !deadline.isExpired else {
            throw Unanswered(cause: .timedOut, mayHaveTakenEffect: false)
        }
        let limit = deadline.tightened(to: timeouts.reduce(.zero, +))
        var isUncertain = false
        // The first try takes no longer than other trips; who waits on lets others work meanwhile.
        var hasLeft = false
        defer { if hasLeft { Turn.comeBack() } }
        do throws(RedisError) {
            let replies = try watched(false, limit, of: deadline) { () throws(RedisError) in
                for timeout in timeouts.dropLast() {
                    let end = deadline.tightened(to: timeout)
                    do throws(RedisError) {
                        return try connected(commands, until: end, of: deadline)
                    } catch {
                        if error.mayHaveTakenEffect { isUncertain = true }
                        guard error.mayPass(afterWaiting: end.isExpired), !deadline.isExpired else {
                            throw error
                        }
                        if !hasLeft { Turn.leave() }
                        hasLeft = true
                    }
                }
                let last = timeouts.last ?? operationTimeout
                return try connected(commands, until: deadline.tightened(to: last), of: deadline)
            }
            return (replies, isUncertain)
        } catch {
            throw Unanswered(
                cause: error,
                mayHaveTakenEffect: isUncertain || error.mayHaveTakenEffect
            )
        }
    }

    /// Sends commands as soon as there is a connection.
    private func connected(
        _ commands: [Command],
        until limit: Deadline,
        of deadline: Deadline
    ) throws(RedisError) -> Heard {
        while true {
            // One that is away refuses at once; one that is late lets connecting time out.
            let connected = Deadline.after(connectTimeout)
            do throws(RedisError) {
                return try noted(commands, until: limit, of: deadline)
            } catch {
                let isLate = error == .poolExhausted || error.isOfConnecting && connected.isExpired
                guard isLate, !limit.isExpired else { throw error }
            }
        }
    }
}

extension RedisError {
    /// Whether the next try may find the server well.
    ///
    /// - Parameter hasWaited: the try took all its time, so that the server is late and not away.
    /// - Returns: whether to try again.
    fileprivate func mayPass(afterWaiting hasWaited: Bool) -> Bool {
        switch self {
        case .timedOut, .connectionLost, .poolExhausted: true
        case .connectionFailed: hasWaited
        case .protocolViolation, .breakerOpen, .closed, .server: false
        }
    }

    fileprivate var isOfConnecting: Bool {
        if case .connectionFailed = self { true } else { false }
    }
}
