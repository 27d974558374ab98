/// What became of one order of a bulk cancel.
package enum BulkCancelOutcome: String, Sendable, CaseIterable {
    /// The worker has not decided on it yet.
    case pending
    /// It can be neither paid nor sent any more; Stripe or product-service have yet to answer.
    case cancelling
    /// It has ended; told only, as the order's own row says so.
    case cancelled
    case alreadyCancelled = "already_cancelled"
    /// Its state does not allow it.
    case refused
    case notFound = "not_found"
    /// It could not be carried out, time and again; the order is as it was.
    case failed

    /// Its name among the counts.
    var countName: String {
        switch self {
        case .pending, .cancelling, .cancelled, .refused, .failed: rawValue
        case .alreadyCancelled: "alreadyCancelled"
        case .notFound: "notFound"
        }
    }

    /// The word for programs of what was in the way, as a single cancel is refused with.
    var problemCode: String? {
        switch self {
        case .refused: "illegal_transition"
        case .failed: "internal"
        case .pending, .cancelling, .cancelled, .alreadyCancelled, .notFound: nil
        }
    }
}

/// How far a bulk cancel is.
package enum BulkCancelState: String, Sendable, CaseIterable {
    /// Nothing of it is decided yet.
    case queued
    case running
    /// Everything is decided; orders may be under way still.
    case finished
}
