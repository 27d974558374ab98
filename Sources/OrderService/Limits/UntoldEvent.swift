import Resilience

/// What became of an attempt while Redis gave no answer, of which it is to be told.
struct UntoldEvent: Sendable, Equatable {
    enum Kind: Sendable {
        /// Counts, from `time` on.
        case counted
        /// Does not count; where Redis was asked for it in vain, it may count it.
        case givenBack
        /// Has succeeded, at `time`.
        case succeeded
    }

    let id: Int
    let kind: Kind
    let member: String
    let time: MonotonicTime
    /// All of one key.
    let limits: [RateLimit]
}
