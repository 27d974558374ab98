import Resilience

/// What became of an attempt while Redis gave no answer, of which it is to be told.
struct UntoldEvent: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// Counts, from `time` on.
        case counted
        /// Does not count, unless others count it as well: Redis, asked in vain by the question of this
        /// name, may count it.
        case givenBack(question: String)
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
