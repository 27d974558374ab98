/// By when the tax office has to have a document (OUG 89/2025).
package enum SubmissionDeadline {
    /// Working days from the day of issue, or from the last on which the law lets it be issued.
    private static let workingDays = 5

    /// The day until which a document may be handed over.
    ///
    /// - Parameters:
    ///   - issue: the day of issue.
    ///   - supply: of an invoice, the day of the supply where it is another one. The invoice was
    ///     to be issued by the 15th of the month that follows (Fiscal Code, art. 319 (16)).
    /// - Returns: that day; it may be past where the invoice comes late.
    package static func date(
        issuedOn issue: CalendarDate,
        suppliedOn supply: CalendarDate? = nil
    ) -> CalendarDate {
        let deadline = WorkingDays.date(after: issue, count: workingDays)
        guard let supply, let latest = latestIssue(suppliedOn: supply) else { return deadline }
        return min(deadline, WorkingDays.date(after: latest, count: workingDays))
    }

    private static func latestIssue(suppliedOn day: CalendarDate) -> CalendarDate? {
        day.month == 12
            ? CalendarDate(year: day.year + 1, month: 1, day: 15)
            : CalendarDate(year: day.year, month: day.month + 1, day: 15)
    }
}
