import Testing

@testable import MariaDB
@testable import OrderService

/// Whose matter it is that a record could not be written.
@Suite("A record that cannot be written")
struct AuditFailureTests {
    private static func failed(_ code: MariaDBError.Code) -> MariaDBError {
        .failed(
            MariaDBError.Failure(code: code, sqlState: "HY000", message: "", isNotExecuted: true)
        )
    }

    /// Each further look would wait for the same in vain, and hold a lane meanwhile.
    @Test(
        "refuses all who wait where MariaDB is away, or its table is locked",
        arguments: [
            .closed, .poolExhausted, failed(.connectionLost), failed(.serverGone),
            failed(.serverShutdown), failed(.readOnly), failed(.lockWaitTimeout),
            failed(.statementTimeout),
        ] as [MariaDBError]
    )
    func ofAll(_ error: MariaDBError) {
        #expect(AuditTrail.isOfAll(error))
    }

    @Test(
        "is its own matter where it was refused, met another or came late",
        arguments: [
            .deadlineExpired(isNotExecuted: true), failed(.deadlock), failed(.recordChanged),
            failed(.dataTooLong), failed(.checkViolated),
        ] as [MariaDBError]
    )
    func ofOne(_ error: MariaDBError) {
        #expect(!AuditTrail.isOfAll(error))
    }
}
