import Testing

@testable import MariaDB

@Suite("Attempts at a transaction")
struct TransactionAttemptsTests {
    private func error(_ code: MariaDBError.Code) -> MariaDBError {
        .failed(.init(code: code, sqlState: "40001", message: "", isNotExecuted: true))
    }

    @Test("are five, with a ceiling that doubles")
    func doubles() {
        var attempts = TransactionAttempts()
        let pauses = (0..<5).map { _ in
            attempts.pause(after: error(.deadlock), random: { $0.upperBound })
        }
        #expect(
            pauses == [
                .milliseconds(10), .milliseconds(20), .milliseconds(40), .milliseconds(80), nil,
            ]
        )
    }

    @Test("are two when the statement runs out of time")
    func limitsSlowOnes() {
        var attempts = TransactionAttempts()
        #expect(attempts.pause(after: error(.statementTimeout)) != nil)
        #expect(attempts.pause(after: error(.deadlock)) != nil)
        #expect(attempts.pause(after: error(.statementTimeout)) == nil)
    }

    @Test("are one after an error that would come again")
    func refusesLasting() {
        var attempts = TransactionAttempts()
        #expect(attempts.pause(after: error(.duplicateEntry)) == nil)
        #expect(attempts.pause(after: .poolExhausted) == nil)
    }
}
