import Synchronization

/// Whether what Redis has may be believed.
///
/// A server that was lost may come back with the entries of before, from its disk or from a replica,
/// though orders have changed meanwhile and nobody could drop them. So from a loss on, and from the
/// beginning of the process, which does not know what was lost before, all is read from the record, until
/// `CacheRecovery` has dropped whatever may be old.
package final class CacheTrust: Sendable {
    /// A time during which Redis is believed, or not.
    struct Period: Sendable, Equatable {
        fileprivate let number: UInt64
        var isTrusted: Bool { number.isMultiple(of: 2) }
    }

    // Even while Redis is believed; each loss makes it another odd number.
    private let number = Atomic<UInt64>(1)
    private let loss = Mutex(ContinuousClock.now)

    package init() {}

    /// How long ago the last trust ended.
    var timeSinceLoss: Duration { loss.withLock { ContinuousClock.now - $0 } }

    var period: Period { Period(number: number.load(ordering: .acquiring)) }

    package var isTrusted: Bool { period.isTrusted }

    /// Ends the trust; a recovery that is under way has to begin again.
    package func lose() {
        var current = number.load(ordering: .relaxed)
        while true {
            // Before anybody can see it; what comes while it is lost changes nothing of when it was.
            if current.isMultiple(of: 2) { loss.withLock { $0 = ContinuousClock.now } }
            let next = current + (current.isMultiple(of: 2) ? 1 : 2)
            let (isExchanged, original) = number.compareExchange(
                expected: current,
                desired: next,
                ordering: .acquiringAndReleasing
            )
            guard !isExchanged else { return }
            current = original
        }
    }

    /// Begins to believe Redis again, unless it was lost once more since `period`.
    func regain(after period: Period) -> Bool {
        guard !period.isTrusted else { return true }
        return number.compareExchange(
            expected: period.number,
            desired: period.number + 1,
            ordering: .acquiringAndReleasing
        ).exchanged
    }
}
