/// Where an invoice or a credit note stands: refused by our own rules, or as its last submission to
/// the tax office.
package enum InvoiceState: String, Sendable, CaseIterable {
    /// It breaks a rule, has no number, and waits for somebody to correct it.
    case rejected
    /// Issued, and not handed over yet.
    case queued
    case uploading
    /// The bytes left and no answer came: it may be there.
    case unknown
    /// There, and being checked.
    case processing
    /// Accepted.
    case ok
    /// Checked and not accepted.
    case nok
    /// Not even taken for checking.
    case refused

    /// Whether it has a number.
    package var isIssued: Bool { self != .rejected }

    /// The states of what the tax office has not accepted and has to have by its deadline.
    package static let unfinished = allCases.filter { $0 != .rejected && $0 != .ok }
}

/// Which of the tax office's two ways a document takes.
package enum SubmissionChannel: String, Sendable, CaseIterable {
    /// Of a buyer who is a company.
    case b2b
    case b2c
}
