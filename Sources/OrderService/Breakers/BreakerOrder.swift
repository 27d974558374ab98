package import MariaDB

/// What an operator wants a breaker to do, before it is recorded.
package struct BreakerCommand: Sendable {
    /// How long a reason is, in characters.
    package static let reasonLength = 3...255
    /// How long an order may stand, in seconds: a week at most.
    package static let lives: ClosedRange<Int64> = 1...604_800

    package let name: String
    package let mode: BreakerMode
    package let reason: String
    /// Such as `staff:7` or `cli:ana`.
    package let who: String
    /// In seconds; nil for no end.
    package let expiresIn: Int64?

    package init(
        name: String,
        mode: BreakerMode,
        reason: String,
        who: String,
        expiresIn: Int64? = nil
    ) {
        self.name = name
        self.mode = mode
        self.reason = reason
        self.who = who
        self.expiresIn = expiresIn
    }
}

/// The last order that was given to the breakers of one dependency, in all processes.
package struct BreakerOrder: Sendable {
    package let name: String
    package let mode: BreakerMode
    package let reason: String
    package let who: String
    package let expiresAt: Timestamp?
    /// How long it stands still, by the database's clock at the time of reading; nil for no end.
    package let remaining: Duration?
    /// Later orders have higher ones.
    package let revision: Int64

    /// Whether it holds a breaker in a mode, rather than leaving it to itself.
    var stands: Bool {
        mode != .auto && remaining.map { $0 > .zero } ?? true
    }
}
