import Commerce
import Testing

@Suite("Deadlines at the tax office") struct SubmissionDeadlineTests {
    @Test(
        "are five working days after the issue, or after the last day on which it was due",
        arguments: [
            ("2026-11-20", nil, "2026-11-27"), ("2026-11-20", "2026-11-19", "2026-11-27"),
            // Issued on the 15th at last, and the day after.
            ("2026-10-15", "2026-09-01", "2026-10-22"), ("2026-10-16", "2026-09-30", "2026-10-22"),
            ("2026-11-20", "2026-09-30", "2026-10-22"), ("2026-02-20", "2025-12-31", "2026-01-22"),
        ] as [(String, String?, String)]
    )
    func days(issue: String, supply: String?, deadline: String) throws {
        let found = SubmissionDeadline.date(
            issuedOn: try #require(CalendarDate(parsing: issue)),
            suppliedOn: supply.flatMap { CalendarDate(parsing: $0) }
        )
        #expect(found.description == deadline)
    }
}
