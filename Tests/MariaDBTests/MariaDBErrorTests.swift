import Testing

@testable import MariaDB

@Suite("MariaDB error")
struct MariaDBErrorTests {
    private func failure(
        _ code: MariaDBError.Code,
        _ message: String = ""
    ) -> MariaDBError.Failure {
        MariaDBError.Failure(
            code: code,
            sqlState: "HY000",
            message: message,
            isNotExecuted: code.provesNotExecuted
        )
    }

    @Test("is the server's, and not the statement's, where that is away, silent or slow")
    func isOfServer() {
        let ofServer: [MariaDBError] = [
            .failed(failure(.serverGone)), .failed(failure(.connectionLost)), .connectFailed([]),
            .poolExhausted, .breakerOpen, .closed, .failed(failure(.statementTimeout)),
            .deadlineExpired(isNotExecuted: false),
        ]
        let ofStatement: [MariaDBError] = [
            .failed(failure(.deadlock)), .failed(failure(.duplicateEntry)),
            .decoding(.init(column: "a", reason: "b")),
        ]
        #expect(ofServer.allSatisfy { $0.isOfServer })
        #expect(ofStatement.allSatisfy { !$0.isOfServer })
    }

    @Test(
        "names the violated key",
        arguments: [
            ("Duplicate entry 'A-1' for key 'orders_number_key'", "orders_number_key"),
            ("Duplicate entry 'x' for key 'PRIMARY'", "PRIMARY"),
            ("Duplicate entry 'a' for key 'b'' for key 'users_email_key'", "users_email_key"),
            ("Duplicate entry 'ă€😀' for key 'k'", "k"),
        ]
    )
    func namesKey(message: String, key: String) {
        #expect(failure(.duplicateEntry, message).violatedKey == key)
    }

    @Test("names no key where the message has none")
    func namesNoKey() {
        #expect(failure(.duplicateEntry, "Duplicate entry").violatedKey == nil)
        #expect(failure(.duplicateEntry, "").violatedKey == nil)
        #expect(failure(.deadlock, "for key 'k'").violatedKey == nil)
    }

    @Test("names the violated constraint")
    func namesConstraint() {
        let check = failure(.checkViolated, "CONSTRAINT `amount_check` failed for `db`.`orders`")
        #expect(check.violatedConstraint == "amount_check")
    }

    @Test("knows which failures leave no effect")
    func knowsEffects() {
        #expect(MariaDBError.failed(failure(.duplicateEntry)).isNotExecuted)
        #expect(MariaDBError.failed(failure(.serverGone)).isNotExecuted)
        #expect(MariaDBError.failed(failure(.statementTimeout)).isNotExecuted)
        #expect(MariaDBError.poolExhausted.isNotExecuted)
        #expect(MariaDBError.connectFailed([]).isNotExecuted)
        #expect(!MariaDBError.failed(failure(.connectionLost)).isNotExecuted)
        #expect(!MariaDBError.failed(failure(.connectionKilled)).isNotExecuted)
        #expect(!MariaDBError.commitOutcomeUnknown(failure(.connectionLost)).isNotExecuted)
        #expect(MariaDBError.failed(failure(.connectionLost)).rolledBack.isNotExecuted)
    }
}
