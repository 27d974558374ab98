/// Why a statement, a transaction or a connection failed.
///
/// Messages may hold values of the row (`Duplicate entry 'a@b.ro' for key …`): they belong in a
/// log at most, never in an answer or a metric.
package enum MariaDBError: Error {
    /// The server refused the statement, or the connection broke while it ran.
    case failed(Failure)
    /// No server could be connected to; one failure for each that was tried.
    case connectFailed([ConnectFailure])
    /// No connection of the pool became free in time.
    case poolExhausted
    /// The breaker refused: no server could be reached just before.
    case breakerOpen
    /// The caller's deadline passed: before anything was sent, or while waiting for the answer.
    case deadlineExpired(isNotExecuted: Bool)
    /// The connection broke during COMMIT: the transaction is either committed or rolled back,
    /// and only reading tells which.
    case commitOutcomeUnknown(Failure)
    /// A transaction's body failed, and then its ROLLBACK, too. The connection was closed, which
    /// makes the server roll back.
    case rollbackFailed(body: any Error, rollback: Failure)
    /// A row does not hold what its reader expects.
    case decoding(DecodingFailure)
    /// The database was closed by `close()`.
    case closed

    /// What the server or the library reported, in its own words.
    package struct Failure: Error, Sendable, Equatable {
        package var code: Code
        /// Five characters of the SQL standard, such as `23000`; `HY000` if there is none.
        package var sqlState: String
        package var message: String
        /// Whether the statement cannot have had an effect, or had it rolled back.
        package var isNotExecuted: Bool
    }

    /// A server that could not be connected to, and why.
    package struct ConnectFailure: Error, Sendable, Equatable {
        /// `host:port` or the path of the socket.
        package var server: String
        package var cause: Failure
    }

    /// A column that is missing, null or of another type.
    package struct DecodingFailure: Error, Sendable, Equatable {
        package var column: String
        package var reason: String
    }
}

extension MariaDBError {
    /// The code reported, if the error comes from a server or the library.
    package var code: Code? { failure?.code }

    /// What the server or the library reported, if anything.
    package var failure: Failure? {
        switch self {
        case .failed(let failure), .commitOutcomeUnknown(let failure): failure
        case .rollbackFailed(_, let failure): failure
        case .connectFailed(let failures): failures.last?.cause
        case .poolExhausted, .breakerOpen, .deadlineExpired, .decoding, .closed: nil
        }
    }

    /// Whether the statement, or the whole transaction, cannot have had an effect.
    package var isNotExecuted: Bool {
        switch self {
        case .failed(let failure): failure.isNotExecuted
        case .deadlineExpired(let isNotExecuted): isNotExecuted
        case .connectFailed, .poolExhausted, .breakerOpen, .rollbackFailed, .closed: true
        case .commitOutcomeUnknown, .decoding: false
        }
    }

    /// Whether the server is away, silent or too slow: what is asked for in other words would fare no
    /// better.
    package var isOfServer: Bool {
        switch self {
        case .failed(let failure):
            failure.code.isConnectionLoss || failure.code == .statementTimeout
        case .connectFailed, .poolExhausted, .breakerOpen, .closed, .deadlineExpired: true
        case .commitOutcomeUnknown, .rollbackFailed, .decoding: false
        }
    }

    /// The key that a duplicate entry violates, such as `orders_number_key`.
    package var violatedKey: String? { failure?.violatedKey }

    /// The same error of a transaction that was not committed.
    var rolledBack: MariaDBError {
        switch self {
        case .failed(var failure):
            failure.isNotExecuted = true
            return .failed(failure)
        case .deadlineExpired:
            return .deadlineExpired(isNotExecuted: true)
        default:
            return self
        }
    }

    /// Whether the same transaction, begun again, may well succeed.
    var isTransient: Bool {
        guard case .failed(let failure) = self else { return false }
        return failure.code.isTransient
    }
}

extension MariaDBError.Failure {
    /// The key that a duplicate entry violates.
    ///
    /// The server names it only in the message, `Duplicate entry '…' for key '<name>'`; the entry
    /// comes first and may hold anything, so the name is looked for from the end.
    package var violatedKey: String? {
        guard code == .duplicateEntry else { return nil }
        return quotedName(after: "for key '", end: UInt8(ascii: "'"), fromEnd: true)
    }

    /// The constraint that a CHECK or foreign key violation names.
    package var violatedConstraint: String? {
        switch code {
        case .checkViolated, .foreignKeyParentMissing, .foreignKeyChildExists:
            quotedName(after: "CONSTRAINT `", end: UInt8(ascii: "`"), fromEnd: false)
        default: nil
        }
    }

    private func quotedName(after lead: StaticString, end: UInt8, fromEnd: Bool) -> String? {
        let text = Array(message.utf8)
        let lead = Array(lead.description.utf8)
        guard text.count >= lead.count else { return nil }
        let starts = Array(0...(text.count - lead.count))
        let isLead = { text[$0..<($0 + lead.count)].elementsEqual(lead) }
        guard let found = fromEnd ? starts.last(where: isLead) : starts.first(where: isLead)
        else { return nil }
        let name = text[(found + lead.count)...].prefix { $0 != end }
        return name.isEmpty ? nil : String(validating: name, as: UTF8.self)
    }
}

extension MariaDBError.Failure: CustomStringConvertible {
    package var description: String { "\(code.rawValue) (\(sqlState)): \(message)" }
}
