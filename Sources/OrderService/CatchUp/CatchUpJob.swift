import Logging
import MariaDB
import Resilience

/// Puts into the inbox the events of Stripe that never came by webhook.
///
/// Stripe's list is newest first and has no other order, so time is walked in stretches, oldest
/// first, and each stretch in pages. A stretch ends `delay` ago: nothing is added to it any more,
/// whatever arrives while it is read. It begins `overlap` before the place that was reached, for
/// clocks that differ and for events that Stripe lists late.
struct CatchUpJob: Sendable {
    let store: CatchUpStore
    let stripe: StripeClient
    let clock: WallClock
    /// How often; zero for never.
    let interval: Duration
    let delay: Duration
    let overlap: Duration
    private let logger: Logger

    /// The most that one stretch covers.
    private static let stretch = Duration.days(1)
    /// A hundred large events might exceed the size that an answer may have.
    private static let pageSize = 50
    private static let lease = Duration.seconds(60)
    /// What has to be left of a round for another page.
    private static let usefulTime = Duration.seconds(5)

    init(
        store: CatchUpStore,
        stripe: StripeClient,
        clock: WallClock,
        interval: Duration,
        delay: Duration,
        overlap: Duration,
        logger: Logger = Logger(label: "orderd.catch_up")
    ) {
        self.store = store
        self.stripe = stripe
        self.clock = clock
        self.interval = interval
        self.delay = delay
        self.overlap = overlap
        self.logger = logger
    }

    private struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads on, if it is due and nobody else does; blocks on Stripe and MariaDB.
    ///
    /// - Parameter deadline: of the round; what is left then is gone on with at once.
    /// - Returns: how many events were lacking; one at least if there is more to read.
    /// - Throws: `MariaDBError`. Stripe not answering is no error: the next round goes on.
    func run(until deadline: Deadline) throws -> Int {
        guard interval > .zero, let lease = try store.lease(for: Self.lease, until: deadline)
        else { return 0 }
        var gaps: [String] = []
        defer { tell(gaps) }
        var isDone = false
        var failure: String?
        do {
            isDone = try read(lease, &gaps, until: deadline)
        } catch is CatchUpStore.Overtaken {
            return gaps.count
        } catch let error as Unreadable {
            failure = error.description
            logger.warning(
                "Stripe's events cannot be read",
                metadata: ["reason": "\(error.description)"]
            )
        } catch {
            // Of the record, most likely; should it answer, the next round need not wait.
            try? store.giveBack(
                lease,
                nextRunAt: clock.now,
                because: "\(error)",
                until: .after(.seconds(1))
            )
            throw error
        }
        let hasMore = !isDone && failure == nil
        try store.giveBack(
            lease,
            nextRunAt: hasMore ? clock.now : clock.now + interval,
            because: failure,
            until: .after(.seconds(5))
        )
        return hasMore ? max(gaps.count, 1) : gaps.count
    }

    /// Reads page after page; returns whether everything old enough is in the inbox.
    private func read(
        _ begun: CatchUpStore.Lease,
        _ gaps: inout [String],
        until deadline: Deadline
    ) throws -> Bool {
        var lease = try skippingWhatIsGone(begun, until: deadline)
        // Once, or a busy shop would give another stretch, with its overlap, after each.
        let settled = clock.now - delay
        while deadline.remaining > Self.usefulTime {
            if lease.windowTo == nil {
                let end = min(lease.readTo + Self.stretch, settled)
                let window = Timestamp(seconds: end.seconds)
                guard window > lease.readTo else { return true }
                lease.windowTo = window
            }
            guard let page = try page(lease, until: deadline) else {
                // The event that the page begins after is not known any more.
                lease.pageAfter = nil
                continue
            }
            let stored = try store.store(
                page,
                lease,
                prolonging: Self.lease,
                until: deadline
            )
            lease = stored.lease
            gaps += stored.gaps
        }
        return false
    }

    private func page(
        _ lease: CatchUpStore.Lease,
        until deadline: Deadline
    ) throws -> StripeEvent.Page? {
        let end = lease.windowTo ?? lease.readTo
        let answer = stripe.events(
            of: StripeEvent.types,
            made: (lease.readTo - overlap).seconds..<end.seconds,
            after: lease.pageAfter,
            limit: Self.pageSize,
            until: deadline
        )
        switch answer {
        case .executed(.found(let page)): return page
        case .executed(.refused(let refusal)):
            if refusal.code == "resource_missing", lease.pageAfter != nil { return nil }
            throw Unreadable(description: "status \(refusal.status)")
        case .notExecuted(let failure), .unknown(let failure):
            throw Unreadable(description: failure.reason)
        }
    }

    /// Moves a place that lies further back than Stripe remembers, and says so.
    private func skippingWhatIsGone(
        _ lease: CatchUpStore.Lease,
        until deadline: Deadline
    ) throws -> CatchUpStore.Lease {
        let oldest = Timestamp(seconds: (clock.now - CatchUpStore.retention).seconds)
        guard lease.readTo < oldest else { return lease }
        logger.error(
            "events are lost: Stripe does not list them any more",
            metadata: ["from": "\(lease.readTo.rfc3339)", "to": "\(oldest.rfc3339)"]
        )
        var moved = lease
        moved.readTo = oldest
        moved.windowTo = nil
        moved.pageAfter = nil
        try store.move(moved, until: deadline)
        return moved
    }

    /// Tells how many events of which types had not come; never what is in them.
    private func tell(_ gaps: [String]) {
        guard !gaps.isEmpty else { return }
        let counts = Dictionary(gaps.map { ($0, 1) }, uniquingKeysWith: +)
        let types = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        logger.warning(
            "events had not come by webhook",
            metadata: ["count": "\(gaps.count)", "types": "\(types.joined(separator: ", "))"]
        )
    }
}
