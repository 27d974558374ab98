/// How often a transaction may still be begun again, and after which pause.
struct TransactionAttempts {
    private var failures = 0
    private var slowFailures = 0

    private static let limit = 5
    private static let firstCeiling = Duration.milliseconds(10)
    private static let lastCeiling = Duration.milliseconds(200)

    /// The pause before the next attempt, or nil if there is to be none.
    ///
    /// The pause is random between zero and a ceiling that doubles (full jitter), so that two
    /// transactions that met once do not meet again.
    mutating func pause(
        after error: MariaDBError,
        random: (ClosedRange<Double>) -> Double = { .random(in: $0) }
    ) -> Duration? {
        guard error.isTransient else { return nil }
        failures += 1
        if error.code == .statementTimeout || error.code == .connectionLost { slowFailures += 1 }
        // A statement that ran out of time waited for a lock or is slow; twice means slow.
        guard failures < Self.limit, slowFailures < 2 else { return nil }
        let ceiling = min(Self.firstCeiling * (1 << (failures - 1)), Self.lastCeiling)
        return ceiling * random(0...1)
    }
}
