internal import Glibc
package import Resilience

extension Database {
    /// Runs `body` in a transaction and commits it; a thrown error rolls back.
    ///
    /// A transaction that fails for a passing reason (deadlock, lock wait, lost connection, a
    /// cluster node that is not ready) is begun again after a random pause, five times at most
    /// and until the deadline, so `body` may run several times and must have no other effect.
    ///
    /// - Parameters:
    ///   - statementClass: the time limit of the statements that name none themselves.
    ///   - isolation: what the transaction sees of others.
    ///   - deadline: COMMIT is not sent after it, but once sent it is given a second at least.
    ///   - body: runs on the calling thread.
    /// - Returns: what `body` returned in the attempt that was committed.
    /// - Throws: what `body` throws once it is rolled back; `MariaDBError` else, of which
    ///   `commitOutcomeUnknown` alone leaves open whether the transaction was committed.
    @discardableResult
    package func transaction<Result>(
        class statementClass: StatementClass = .write,
        isolation: Isolation = .readCommitted,
        until deadline: Deadline,
        _ body: (inout Transaction) throws -> Result
    ) throws -> Result {
        var attempts = TransactionAttempts()
        while true {
            switch try attempt(statementClass, isolation, until: deadline, body) {
            case .committed(let result):
                return result
            case .rolledBack(let error, let cause):
                guard let cause, let pause = attempts.pause(after: cause),
                    pause < deadline.remaining
                else { throw error }
                usleep(UInt32(clamping: pause.wholeMilliseconds * 1_000))
            }
        }
    }

    private func attempt<Result>(
        _ statementClass: StatementClass,
        _ isolation: Isolation,
        until deadline: Deadline,
        _ body: (inout Transaction) throws -> Result
    ) throws(MariaDBError) -> TransactionAttempt<Result> {
        let slot = try borrowSlot(until: deadline)
        defer { giveBack(slot) }
        do throws(MariaDBError) {
            // Nothing is lost if the connection dies here, so it is repeated like a look-up.
            try withConnection(of: slot, until: deadline, isReadOnly: true) {
                connection throws(MariaDBError) in
                try connection.begin(isolation, until: deadline)
            }
        } catch {
            slot.resource = nil
            return .rolledBack(error.rolledBack, cause: error)
        }
        guard let begun = slot.resource.take() else { throw .closed }
        var transaction = Transaction(on: begun, class: statementClass, until: deadline)
        let result = Swift.Result { try body(&transaction) }
        let end = transaction.end
        var connection = transaction.release()
        let attempt = Swift.Result { () throws(MariaDBError) in
            try connection.finish(result, end: end, class: statementClass, until: deadline)
        }
        keep(connection, in: slot)
        return try attempt.get()
    }
}
