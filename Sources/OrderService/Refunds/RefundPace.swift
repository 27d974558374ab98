import Commerce
import MariaDB
import Resilience

/// When the worker looks at an open refund again, and when it stops trying.
enum RefundPace {
    /// How long the process that wrote a refund, or took its turn, has it for itself.
    static let lease = Duration.seconds(30)
    /// When one that was made at Stripe is looked at for the first time.
    static let firstLook = Duration.seconds(60)
    /// How often one that waits for the switch is looked at; turning it on wakes all of them.
    static let pause = Duration.seconds(300)
    /// A refund that was surely not carried out is tried for so long, then it is somebody's work.
    static let patience = Duration.seconds(15 * 60)
    /// Stripe forgets keys after 24 hours; then the same key would be a second refund.
    static let keyLife = Duration.seconds(23 * 3_600)

    /// The pause before the next look: a quarter of the time since the first try.
    ///
    /// | status | at least | at most |
    /// |---|---|---|
    /// | `requested` | 1 s | 1 min |
    /// | `unknown` | 1 s | 5 min |
    /// | `pending`, `requires_action` | 1 min | 6 h |
    ///
    /// It is up to a quarter shorter by chance.
    static func delay(_ refund: Refund, at now: Timestamp) -> Duration {
        let age = now.distance(from: refund.firstAttemptAt ?? refund.createdAt)
        let range: ClosedRange<Duration> =
            switch refund.status {
            case .pending, .requiresAction: .seconds(60)...(.seconds(6 * 3_600))
            case .unknown: .seconds(1)...(.seconds(300))
            default: .seconds(1)...(.seconds(60))
            }
        let whole = min(max(age / 4, range.lowerBound), range.upperBound)
        return whole * Double.random(in: 0.75...1)
    }

    /// Whether Stripe still carries a request under the refund's key out once.
    static func keyHolds(_ refund: Refund, at now: Timestamp) -> Bool {
        refund.firstAttemptAt.map { now.distance(from: $0) < keyLife } ?? true
    }

    /// Whether a refund that is not carried out has been tried long enough.
    static func isSpent(_ refund: Refund, at now: Timestamp) -> Bool {
        refund.firstAttemptAt.map { now.distance(from: $0) >= patience } ?? false
    }
}
