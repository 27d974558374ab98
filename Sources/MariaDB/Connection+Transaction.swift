internal import Resilience

/// How an attempt at a transaction ended.
enum TransactionAttempt<Result> {
    case committed(Result)
    /// What to throw, and the database's error behind it, if there is one.
    case rolledBack(any Error, cause: MariaDBError?)
}

extension Connection {
    mutating func begin(
        _ isolation: Isolation,
        until deadline: Deadline
    ) throws(MariaDBError) {
        // READ COMMITTED is the session's default, so the usual case is one trip.
        if isolation == .repeatableRead {
            let level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
            try command(level, patience: .seconds(1), until: deadline)
        }
        try command("START TRANSACTION", patience: .seconds(1), until: deadline)
    }

    /// Commits what `body` did, or rolls back because it failed or the server has.
    ///
    /// - Throws: `commitOutcomeUnknown`.
    mutating func finish<Result>(
        _ result: Swift.Result<Result, any Error>,
        end: MariaDBError?,
        class statementClass: StatementClass,
        until deadline: Deadline
    ) throws(MariaDBError) -> TransactionAttempt<Result> {
        switch result {
        case .failure(let error):
            return rollBack(after: error, end: end)
        case .success(let value):
            // A body may have gone on after an error that had ended the transaction.
            if let end { return rollBack(after: end) }
            let patience = limits.patience(for: statementClass) * 2
            return try commit(value, patience, until: deadline)
        }
    }

    /// Commits, or finds out that the server has not.
    ///
    /// - Throws: `commitOutcomeUnknown`.
    private mutating func commit<Result>(
        _ result: Result,
        _ patience: Duration,
        until deadline: Deadline
    ) throws(MariaDBError) -> TransactionAttempt<Result> {
        guard !deadline.isExpired else {
            return rollBack(after: MariaDBError.deadlineExpired(isNotExecuted: true))
        }
        // Giving up on a COMMIT under way makes its outcome unknown, so it gets more time than a
        // statement; one that takes longer hangs, and holds up whoever waits for it.
        let grace = max(deadline.tightened(to: patience), .after(.seconds(1)))
        do throws(MariaDBError) {
            try command("COMMIT", patience: grace.remaining, until: grace)
            return .committed(result)
        } catch {
            switch error {
            case .failed(let failure) where failure.isNotExecuted: return rollBack(after: error)
            case .failed(let failure): throw .commitOutcomeUnknown(failure)
            default: throw .commitOutcomeUnknown(.unansweredCommit)
            }
        }
    }

    /// Rolls back after `error`; if that fails the session ends, which rolls back as well.
    private mutating func rollBack<Result>(
        after error: any Error,
        end: MariaDBError? = nil
    ) -> TransactionAttempt<Result> {
        let databaseError = error as? MariaDBError
        let cause = end ?? databaseError
        let thrown = databaseError?.rolledBack ?? error
        guard !isBroken else { return .rolledBack(thrown, cause: cause) }
        do throws(MariaDBError) {
            try command("ROLLBACK", patience: .seconds(1), until: .after(.seconds(1)))
            return .rolledBack(thrown, cause: cause)
        } catch {
            abandon()
            let failure = error.failure ?? .unansweredCommit
            return .rolledBack(
                MariaDBError.rollbackFailed(body: thrown, rollback: failure),
                cause: cause
            )
        }
    }
}

extension MariaDBError.Failure {
    fileprivate static let unansweredCommit = MariaDBError.Failure(
        code: .connectionLost,
        sqlState: "08S01",
        message: "the end of the transaction was not answered in time",
        isNotExecuted: false
    )
}
