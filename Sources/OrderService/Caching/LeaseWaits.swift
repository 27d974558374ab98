import Resilience

/// Which leases of others are worth waiting for.
///
/// Whoever holds one may be gone: killed, or given up before Redis, slow for a moment, carried out what it
/// was asked for. Then nobody fills the entry until the lease has run out, and whoever waits holds a lane.
final class LeaseWaits: Sendable {
    private struct State {
        var waiting = 0
        /// Until when the lease of a key may still be one that was waited for in vain.
        var vain: [[UInt8]: ContinuousClock.Instant] = [:]
    }

    /// So many wait at once, so that lanes are left for others.
    static let mostWaiting = 4
    /// So many are remembered.
    static let mostVain = 1_000

    private let life: Duration
    private let state = Lock(State())

    /// Makes one that remembers for as long as a lease lives.
    init(life: Duration) {
        self.life = life
    }

    /// Whether to wait for the lease of this key; if so, the caller owes an `end`.
    func begin(_ key: [UInt8], at now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            guard state.waiting < Self.mostWaiting else { return false }
            if let end = state.vain[key], now < end { return false }
            state.waiting += 1
            return true
        }
    }

    /// Notes that the wait is over, and whether it was in vain.
    func end(_ key: [UInt8], isVain: Bool, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.waiting -= 1
            guard isVain else {
                state.vain[key] = nil
                return
            }
            if state.vain.count >= Self.mostVain {
                state.vain = state.vain.filter { now < $0.value }
            }
            guard state.vain.count < Self.mostVain else { return }
            state.vain[key] = now + life
        }
    }
}
