import Logging
import MariaDB
import Resilience

/// Compares both sides again and again, and gives back leaked stock; everything else it only tells.
struct ReconciliationJob: Sendable {
    let lease: ReconciliationLease
    let reconciler: Reconciler
    let clock: WallClock
    /// How often; zero for never.
    let interval: Duration
    private let logger: Logger

    /// So far behind its place a run begins again, so that what stays wrong is told for a day.
    private static let overlap = Duration.seconds(24 * 3_600)
    /// A busy shop's day takes longer than a round of the worker.
    private static let patience = Duration.seconds(300)
    private static let longestPauseAfterFailure = Duration.seconds(300)

    init(
        lease: ReconciliationLease,
        reconciler: Reconciler,
        clock: WallClock,
        interval: Duration,
        logger: Logger = Logger(label: "orderd.reconcile")
    ) {
        self.lease = lease
        self.reconciler = reconciler
        self.clock = clock
        self.interval = interval
        self.logger = logger
    }

    /// Compares, if it is due and nobody else does; blocks on all three.
    ///
    /// - Parameter deadline: for taking the turn; the comparison has its own time.
    /// - Returns: 0, as there is never more to do at once.
    /// - Throws: `MariaDBError`.
    func run(until deadline: Deadline) throws -> Int {
        guard interval > .zero,
            let turn = try lease.take(for: Self.patience + .seconds(30), until: deadline)
        else { return 0 }
        let report = reconciler.run(
            since: turn.readTo - Self.overlap,
            fixing: .leaks,
            until: .after(Self.patience)
        )
        tell(report, turn)
        let pause = report.isWhole ? interval : min(interval, Self.longestPauseAfterFailure)
        try lease.giveBack(
            turn,
            report,
            nextRunAt: clock.now + pause,
            until: .after(.seconds(5))
        )
        return 0
    }

    /// One line for each kind that the run before had not found, with an example.
    private func tell(_ report: ReconciliationReport, _ turn: ReconciliationLease.Turn) {
        if !report.isWhole {
            logger.warning(
                "the books could not be compared to the end",
                metadata: ["reason": "\(report.unread.joined(separator: "; "))"]
            )
        }
        for (kind, count) in report.counts.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where turn.findings[kind.rawValue] == nil {
            let example = report.findings.first { $0.kind == kind && $0.outcome != .fixed }
            logger.error(
                "the books differ",
                metadata: [
                    "kind": "\(kind.rawValue)", "count": "\(count)",
                    "orderId": "\(example?.orderID ?? 0)",
                    "subject": "\(example?.subject.text ?? "-")",
                ]
            )
        }
        if report.fixed > 0 {
            logger.notice("leaked stock was given back", metadata: ["count": "\(report.fixed)"])
        }
    }
}
