internal import Resilience

/// How long a statement may run at the server.
///
/// The limit is part of the prepared text (`SET STATEMENT max_statement_time=… FOR …`), because
/// that costs no trip and stops waits for locks, too. It is not tightened by a call's deadline,
/// so that the text stays the same; the deadline bounds the wait for the answer.
package enum StatementClass: Sendable, Hashable, CaseIterable {
    /// A look-up by key, 0.5 s unless configured otherwise.
    case lookUp
    /// A search that may have to read many rows for few, 2 s unless configured otherwise.
    case search
    /// A change of a few rows, 2 s unless configured otherwise.
    case write
    /// Work without a client waiting for it, 10 s unless configured otherwise.
    case job
}

/// The time limits of the statement classes.
package struct StatementLimits: Sendable, Equatable {
    package var lookUp: Duration
    package var search: Duration
    package var write: Duration
    package var job: Duration

    package init(
        lookUp: Duration = .milliseconds(500),
        search: Duration = .seconds(2),
        write: Duration = .seconds(2),
        job: Duration = .seconds(10)
    ) {
        self.lookUp = lookUp
        self.search = search
        self.write = write
        self.job = job
    }

    subscript(statementClass: StatementClass) -> Duration {
        switch statementClass {
        case .lookUp: lookUp
        case .search: search
        case .write: write
        case .job: job
        }
    }

    /// How long the client waits for an answer at most: a second more than the server works, in
    /// case the server cannot enforce its limit.
    func patience(for statementClass: StatementClass) -> Duration {
        self[statementClass] + .seconds(1)
    }

    /// What comes before a statement's text to limit its time.
    func prefix(for statementClass: StatementClass) -> String {
        let milliseconds = max(1, self[statementClass].wholeMilliseconds)
        let fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
        return "SET STATEMENT max_statement_time=\(milliseconds / 1_000).\(fraction) FOR "
    }
}
