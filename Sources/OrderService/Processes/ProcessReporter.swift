package import Logging
import MariaDB
import Resilience
import Synchronization

/// The loop by which a process reports itself, obeys the orders to breakers on record, and frees
/// what processes that died had taken.
///
/// It fails quietly, with one line when it begins to fail and one when it is well again: the
/// breakers work without it, and MariaDB being away is said elsewhere.
package final class ProcessReporter: Sendable {
    /// How long one round waits for MariaDB in all.
    private static let patience = Duration.seconds(3)
    private static let roundsBetweenRemovals = 60

    private struct State {
        var rounds = 0
        var isFailing = false
    }

    private let breakers: BreakerControl
    private let caches: CacheCounts
    private let store: ProcessReportStore
    private let recovery: LeaseRecovery
    private let process: ProcessIdentity
    private let startedAt: Timestamp
    private let state = Mutex(State())
    private let logger: Logger
    private let loop: Mutex<Worker?> = Mutex(nil)

    init(
        breakers: BreakerControl,
        caches: CacheCounts,
        store: ProcessReportStore,
        recovery: LeaseRecovery,
        process: ProcessIdentity,
        startedAt: Timestamp,
        logger: Logger
    ) {
        self.breakers = breakers
        self.caches = caches
        self.store = store
        self.recovery = recovery
        self.process = process
        self.startedAt = startedAt
        self.logger = logger
    }

    /// Obeys the orders on record, so that the first call of this process does, and frees what an
    /// earlier process of its name had taken; blocks on MariaDB.
    ///
    /// The process is reported before it takes anything: of one that dies at once nobody would
    /// know that it is gone, and what it had taken would wait for the end of its leases.
    package func takeOver() {
        attempt { deadline in
            try breakers.obeyRecord(until: deadline)
            try report(until: deadline)
            try recovery.release(leasesOf: process.text, until: deadline)
            try recovery.releaseOfDead(besides: process, until: deadline)
        }
    }

    /// Obeys and reports once a second from now on; returns at once.
    package func start() {
        let worker = Worker(jobs: [
            Worker.Job(name: "breakers", pause: .seconds(1)) { [self] _ in
                round()
                return 0
            }
        ])
        loop.withLock { $0 = worker }
        worker.start()
    }

    /// Ends the loop after its current round, and removes the report.
    ///
    /// - Parameter grace: how long to wait for both.
    /// - Returns: whether the loop has ended in time.
    @discardableResult
    package func stop(within grace: Duration) -> Bool {
        let deadline = Deadline.after(grace)
        let worker = loop.withLock { $0.take() }
        guard worker?.stop(within: deadline.remaining) ?? true else { return false }
        // Without this, others go on seeing a process that is gone for a minute.
        try? store.remove(process, until: deadline.tightened(to: .seconds(1)))
        return true
    }

    /// Obeys and reports once; blocks on MariaDB.
    ///
    /// - Returns: whether both succeeded.
    @discardableResult
    package func round() -> Bool {
        attempt { deadline in
            try breakers.obeyRecord(until: deadline)
            try report(until: deadline)
            try recovery.releaseOfDead(besides: process, until: deadline)
            let number = state.withLock { state in
                defer { state.rounds += 1 }
                return state.rounds
            }
            if number.isMultiple(of: Self.roundsBetweenRemovals) {
                try store.removeSilent(until: deadline)
            }
        }
    }

    private func report(until deadline: Deadline) throws {
        try store.report(
            breakers.readings,
            caches.readings,
            of: process,
            startedAt: startedAt,
            until: deadline
        )
    }

    @discardableResult
    private func attempt(_ body: (Deadline) throws -> Void) -> Bool {
        do {
            try body(.after(Self.patience))
            if hasTurned(failing: false) {
                logger.notice("this process is reported and takes orders again")
            }
            return true
        } catch {
            if hasTurned(failing: true) {
                logger.warning(
                    "this process is not reported and takes no orders from elsewhere",
                    metadata: ["error": "\(error)"]
                )
            }
            return false
        }
    }

    private func hasTurned(failing isFailing: Bool) -> Bool {
        state.withLock { state in
            defer { state.isFailing = isFailing }
            return state.isFailing != isFailing
        }
    }
}

extension Services {
    /// The loop that reports this process, obeys orders and frees what the dead had taken.
    ///
    /// - Parameters:
    ///   - process: another than this one, in tests.
    ///   - logger: gets a line when the loop begins to fail, and when it is well again.
    /// - Returns: a loop that has not started.
    package func makeReporter(
        _ process: ProcessIdentity? = nil,
        logger: Logger = Logger(label: "orderd.process")
    ) -> ProcessReporter {
        ProcessReporter(
            breakers: breakers,
            caches: cache.counts,
            store: processReports,
            recovery: LeaseRecovery(database: processReports.database, clock: clock),
            process: process ?? self.process,
            startedAt: clock.now,
            logger: logger
        )
    }
}
