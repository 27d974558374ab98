/// Where a payer's complaint to the bank stands, in Stripe's words.
///
/// | while it | goods are sent, money is given back |
/// |---|---|
/// | is open, as an inquiry (`warning_…`) or a dispute | no |
/// | is lost | no, never again: the bank has taken the money |
/// | is won, closed as an inquiry, or was prevented | yes |
package enum DisputeStatus: String, Sendable, CaseIterable {
    case warningNeedsResponse = "warning_needs_response"
    case warningUnderReview = "warning_under_review"
    case needsResponse = "needs_response"
    case underReview = "under_review"
    /// An inquiry that came to nothing.
    case warningClosed = "warning_closed"
    /// Settled with the payer before it began.
    case prevented
    case lost
    case won

    package var isOpen: Bool { rank < Self.end }

    /// Whether the payment counts as disputed.
    package var holdsPayment: Bool { isOpen || self == .lost }

    /// Whether a report of `next` may follow where nobody can say which of two is newer.
    package func mayBecome(_ next: DisputeStatus) -> Bool { next.rank > rank }

    private static let end = 4

    private var rank: Int {
        switch self {
        case .warningNeedsResponse: 0
        case .warningUnderReview: 1
        case .needsResponse: 2
        case .underReview: 3
        case .warningClosed, .prevented, .lost, .won: Self.end
        }
    }
}
