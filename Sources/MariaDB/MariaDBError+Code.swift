internal import CMariaDB

extension MariaDBError {
    /// The number of an error: below 2000 and from 3000 on the server's, between them and from
    /// 5000 on the library's.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        private init(_ constant: Int32) {
            rawValue = UInt32(bitPattern: constant)
        }

        /// A row changed since this transaction's snapshot; the transaction is rolled back.
        package static let recordChanged = Code(ER_CHECKREAD)
        /// The statement is unknown, or the Galera node is not ready for statements.
        package static let unknownCommand = Code(ER_UNKNOWN_COM_ERROR)
        package static let serverShutdown = Code(ER_SERVER_SHUTDOWN)
        package static let duplicateEntry = Code(ER_DUP_ENTRY)
        package static let noSuchTable = Code(ER_NO_SUCH_TABLE)
        package static let syntax = Code(ER_PARSE_ERROR)
        package static let commitFailed = Code(ER_ERROR_DURING_COMMIT)
        package static let lockWaitTimeout = Code(ER_LOCK_WAIT_TIMEOUT)
        package static let deadlock = Code(ER_LOCK_DEADLOCK)
        package static let unknownStatement = Code(ER_UNKNOWN_STMT_HANDLER)
        package static let readOnly = Code(ER_OPTION_PREVENTS_STATEMENT)
        package static let interrupted = Code(ER_QUERY_INTERRUPTED)
        package static let dataTooLong = Code(ER_DATA_TOO_LONG)
        /// A referenced row cannot go while others refer to it.
        package static let foreignKeyChildExists = Code(ER_ROW_IS_REFERENCED_2)
        /// A row refers to one that does not exist.
        package static let foreignKeyParentMissing = Code(ER_NO_REFERENCED_ROW_2)
        package static let needsReprepare = Code(ER_NEED_REPREPARE)
        package static let connectionKilled = Code(ER_CONNECTION_KILLED)
        /// The statement ran, or waited for a lock, longer than its class may.
        package static let statementTimeout = Code(ER_STATEMENT_TIMEOUT)
        package static let checkViolated = Code(ER_CONSTRAINT_FAILED)
        package static let outOfMemory = Code(CR_OUT_OF_MEMORY)
        /// The connection was found broken when the statement was sent.
        package static let serverGone = Code(CR_SERVER_GONE_ERROR)
        /// The connection broke, or its time ran out, while the answer was awaited.
        package static let connectionLost = Code(CR_SERVER_LOST)
        package static let tlsFailed = Code(CR_SSL_CONNECTION_ERROR)
    }
}

extension MariaDBError.Code {
    /// Whether the library, not the server, reports it.
    var isOfLibrary: Bool {
        (2_000..<3_000).contains(rawValue) || (5_000..<6_000).contains(rawValue)
    }

    /// Whether the connection is of no use after it, as one to a server that has become a replica.
    var breaksConnection: Bool {
        switch self {
        case .connectionKilled, .serverShutdown, .unknownCommand, .readOnly: true
        default: isOfLibrary
        }
    }

    /// Whether the statement had no effect when the server reports this code: a statement is
    /// atomic, so any error undoes it, unless its connection was ended or the commit failed.
    var provesNotExecuted: Bool {
        switch self {
        case .serverGone: true
        case .connectionKilled, .serverShutdown, .interrupted, .commitFailed: false
        default: !isOfLibrary
        }
    }

    /// Whether the server has rolled back the whole transaction, so that further statements would
    /// run outside it.
    var endsTransaction: Bool {
        switch self {
        case .deadlock, .recordChanged: true
        default: breaksConnection
        }
    }

    /// Whether the server was out of reach or out of time, as opposed to refusing a statement.
    package var isUnavailability: Bool { isTransient || breaksConnection }

    /// Whether the connection was found to have ended, or no answer came in time.
    package var isConnectionLoss: Bool {
        switch self {
        case .serverGone, .connectionLost, .connectionKilled: true
        default: false
        }
    }

    /// Whether a transaction that failed with it may well succeed when begun again.
    var isTransient: Bool {
        switch self {
        case .deadlock, .lockWaitTimeout, .recordChanged, .unknownCommand, .statementTimeout: true
        default: isConnectionLoss
        }
    }
}
