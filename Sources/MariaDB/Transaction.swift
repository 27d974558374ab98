internal import Resilience

/// A transaction under way, given to the body of `Database.transaction`.
package struct Transaction: ~Copyable {
    private var connection: Connection
    private let statementClass: StatementClass
    private let deadline: Deadline

    /// The failure after which the server has ended the transaction.
    private(set) var end: MariaDBError?

    init(
        on connection: consuming Connection,
        class statementClass: StatementClass,
        until deadline: Deadline
    ) {
        self.connection = connection
        self.statementClass = statementClass
        self.deadline = deadline
    }

    /// Runs a statement in the transaction and reads its rows.
    package mutating func query(
        _ statement: SQL,
        class statementClass: StatementClass? = nil
    ) throws(MariaDBError) -> [Row] {
        try run(statement, statementClass).rows
    }

    /// Runs a statement in the transaction for its effect.
    @discardableResult
    package mutating func execute(
        _ statement: SQL,
        class statementClass: StatementClass? = nil
    ) throws(MariaDBError) -> Execution {
        try run(statement, statementClass).execution
    }

    private mutating func run(
        _ statement: SQL,
        _ statementClass: StatementClass?
    ) throws(MariaDBError) -> StatementAnswer {
        // The server rolls back at a deadlock; what a body that goes on sent then would be
        // committed one by one.
        if let end { throw end }
        do throws(MariaDBError) {
            return try connection.run(
                statement,
                statementClass ?? self.statementClass,
                until: deadline
            )
        } catch {
            if connection.isBroken || error.code?.endsTransaction == true { end = error }
            throw error
        }
    }

    /// Gives the connection back, with the transaction still open unless `end` says otherwise.
    consuming func release() -> Connection {
        connection
    }
}

/// What a transaction sees of others that commit meanwhile.
package enum Isolation: Sendable {
    /// Each statement sees what was committed before it.
    case readCommitted
    /// All statements see what was committed before the first.
    case repeatableRead
}
