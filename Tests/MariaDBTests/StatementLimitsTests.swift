import Testing

@testable import MariaDB

@Suite("Statement limits")
struct StatementLimitsTests {
    @Test("are written with milliseconds")
    func writesPrefix() {
        let limits = StatementLimits(lookUp: .milliseconds(50), write: .seconds(2))
        #expect(limits.prefix(for: .lookUp) == "SET STATEMENT max_statement_time=0.050 FOR ")
        #expect(limits.prefix(for: .write) == "SET STATEMENT max_statement_time=2.000 FOR ")
    }
}
