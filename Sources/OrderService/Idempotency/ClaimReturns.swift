import Dispatch
import Resilience
import Synchronization

/// Gives claims back, and goes on trying where the database is away at that moment.
///
/// Without that, a client whose request a restart of the database has ended would be told
/// `idempotency_in_progress` until the claim's lease runs out, half a minute later.
final class ClaimReturns: Sendable {
    /// What becomes of a claim that is not finished.
    enum Ending: Sendable {
        /// It had no effect: the key is free again.
        case release
        /// Its work is half done: a repeat continues it.
        case suspend
    }

    private struct Owed: Sendable {
        let claim: IdempotencyClaim
        let ending: Ending
        let leaseEnd: Deadline
    }

    private struct State {
        // As many at most as requests were under way when the database went.
        var owed: [Owed] = []
        var isScheduled = false
    }

    private static let pause = DispatchTimeInterval.milliseconds(200)
    private static let patience = Duration.seconds(1)

    private let store: IdempotencyStore
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "idempotency-returns")

    init(store: IdempotencyStore) {
        self.store = store
    }

    /// Ends a claim now, or else as soon as the database answers.
    ///
    /// - Parameters:
    ///   - claim: the claim, which its owner does not use any more.
    ///   - ending: whether it had an effect.
    ///   - deadline: of the request; blocks until then at most.
    ///   - leaseEnd: when the claim ends by itself.
    func giveBack(
        _ claim: IdempotencyClaim,
        _ ending: Ending,
        until deadline: Deadline,
        leaseEnd: Deadline
    ) {
        let owed = Owed(claim: claim, ending: ending, leaseEnd: leaseEnd)
        guard !isPaid(owed, until: deadline) else { return }
        add([owed])
    }

    private func add(_ owed: [Owed]) {
        guard !owed.isEmpty else { return }
        let isFirst = state.withLock { state in
            state.owed += owed
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        guard isFirst else { return }
        queue.asyncAfter(deadline: .now() + Self.pause) { @Sendable [self] in tryAgain() }
    }

    private func tryAgain() {
        let owed = state.withLock { state in
            defer { state = State() }
            return state.owed
        }
        // The first that fails shows that the database is still away.
        let next = owed.firstIndex { !$0.leaseEnd.isExpired && !isPaid($0, until: nil) }
        add(next.map { Array(owed[$0...]) } ?? [])
    }

    private func isPaid(_ owed: Owed, until deadline: Deadline?) -> Bool {
        let limit = deadline ?? .after(Self.patience)
        do {
            switch owed.ending {
            case .release: try store.release(owed.claim, until: limit)
            case .suspend: try store.suspend(owed.claim, until: limit)
            }
            return true
        } catch {
            return false
        }
    }
}
