import Commerce
package import MariaDB
package import Resilience

/// Compares MariaDB with Stripe and product-service over a window of time.
///
/// Pages are read from both sides, with no transaction open. What differs is read again, Stripe
/// first, before it is called a finding; and one that is younger than `settling`, or on which the
/// worker is at work, is none yet: webhooks and tasks take their time in a running shop.
package struct Reconciler: Sendable {
    let store: ReconciliationStore
    let inDoubt: InDoubtStore
    let stripe: StripeClient
    let products: ProductServiceClient
    let fixer: ReconciliationFixer
    let clock: WallClock
    /// How long the two sides may take to agree.
    let settling: Duration
    /// Ends a comparison before its time.
    var stopping = StopSignal()

    /// How long a task of the worker may explain a difference; it is tried again for a day.
    static let taskPatience = Duration.seconds(900)
    /// A reservation that nothing here needs is not called leaked earlier.
    static let leakAge = Duration.seconds(300)
    /// After so long Stripe's search has what there is, and its keys are forgotten.
    static let searchIsSure = Duration.seconds(25 * 3_600)

    /// Compares, and fixes what is safe if it is asked to; blocks on all three.
    ///
    /// - Parameters:
    ///   - start: what changed since is compared; what is in doubt or stuck, whatever its age.
    ///   - fixing: which fixes are made.
    ///   - deadline: what is not read by then is named as unread.
    /// - Returns: what was found; an outage is told in it, not thrown.
    package func run(
        since start: Timestamp,
        fixing: ReconciliationFixing,
        until deadline: Deadline
    ) -> ReconciliationReport {
        var run = ReconciliationRun(self, since: start, fixing: fixing, until: deadline)
        return run.compareAll()
    }
}

/// One comparison under way.
struct ReconciliationRun {
    let reconciler: Reconciler
    let start: Timestamp
    let now: Timestamp
    let fixing: ReconciliationFixing
    let deadline: Deadline
    var report: ReconciliationReport

    /// Rows that a list of the other side has shown, and that need not be asked for one by one.
    ///
    /// Beyond `maximumSeen` they are asked for all the same.
    var seenPayments: Set<Int64> = []
    var seenRefunds: Set<Int64> = []
    var seenReservations: Set<Int64> = []
    private var told: Set<String> = []

    static let maximumSeen = 1_000_000

    /// Why something could not be read.
    struct Unread: Error, CustomStringConvertible {
        let description: String
    }

    init(
        _ reconciler: Reconciler,
        since start: Timestamp,
        fixing: ReconciliationFixing,
        until deadline: Deadline
    ) {
        self.reconciler = reconciler
        self.start = start
        self.fixing = fixing
        self.deadline = deadline
        now = reconciler.clock.now
        report = ReconciliationReport(from: start, to: now)
    }

    var store: ReconciliationStore { reconciler.store }

    /// The window in whole seconds, as the lists of others take it.
    var times: Range<Int64> { min(start.seconds, now.seconds)..<now.seconds + 1 }

    mutating func compareAll() -> ReconciliationReport {
        // What Stripe's lists show is not asked for again; without them nothing of Stripe is.
        let hasStripe = part("stripe") { run throws in
            try run.compareIntents()
            try run.compareRefunds()
        }
        if hasStripe {
            _ = part("payments") { run throws in try run.comparePayments() }
            _ = part("refunds") { run throws in try run.compareOwnRefunds() }
            _ = part("doubts") { run throws in try run.lookAtDoubts() }
        }
        _ = part("orders") { run throws in try run.lookAtOrders() }
        _ = part("product-service") { run throws in try run.compareReservations() }
        return report
    }

    /// Runs one part; what keeps it from its end is noted.
    private mutating func part(
        _ name: String,
        _ body: (inout ReconciliationRun) throws -> Void
    ) -> Bool {
        do {
            try body(&self)
            return true
        } catch let error as MariaDBError {
            report.noteUnread(name, "MariaDB: \(error)")
        } catch {
            report.noteUnread(name, "\(error)")
        }
        return false
    }

    func checkTime() throws {
        if reconciler.stopping.isRaised { throw Unread(description: "the process stops") }
        if deadline.isExpired { throw Unread(description: "the time was over") }
    }

    // MARK: What both sides say is compared

    /// Whether the two sides may still agree by themselves.
    func isInFlight(_ changedAt: Timestamp, of orderID: Int64?) throws -> Bool {
        let age = now.distance(from: changedAt)
        if age < reconciler.settling { return true }
        guard age < Reconciler.taskPatience, let orderID else { return false }
        return try store.hasOpenTask(orderID, until: deadline)
    }

    /// Takes a finding up, unless it is of demo data: fixes it if that is asked for and safe, and notes it.
    ///
    /// - Parameters:
    ///   - finding: as it was after both sides were read again.
    ///   - again: reads both sides once more and compares them.
    /// - Throws: `MariaDBError`, what `again` throws.
    mutating func conclude(
        _ finding: Finding,
        again: (inout ReconciliationRun) throws -> Finding?
    ) throws {
        guard told.insert(finding.identity).inserted else { return }
        if finding.isOfDemo { return report.passOver() }
        var finding = finding
        if let fix = finding.fix, fixing.includes(fix) {
            do {
                try reconciler.fixer.make(fix, of: finding, until: deadline)
                finding.outcome = try again(&self) == nil ? .fixed : .begun
            } catch let error as MariaDBError {
                throw error
            } catch {
                finding.outcome = .failed
                report.note("\(finding.identity): \(error)")
            }
        }
        report.add(finding)
    }

    /// The object that was read; nil if it does not exist there.
    func found<Object>(
        _ outcome: Outcome<StripeClient.Reading<Object>, UpstreamFailure>
    ) throws -> Object? {
        switch outcome {
        case .executed(.found(let object)): return object
        case .executed(.refused(let refusal)):
            if refusal.status == 404 { return nil }
            throw Unread(description: "Stripe: status \(refusal.status)")
        case .notExecuted(let failure), .unknown(let failure):
            throw Unread(description: "Stripe: \(failure.reason)")
        }
    }

    /// A page of a list, which there always is.
    func page<Page>(
        _ outcome: Outcome<StripeClient.Reading<Page>, UpstreamFailure>
    ) throws -> Page {
        guard let page = try found(outcome) else {
            throw Unread(description: "Stripe: status 404")
        }
        return page
    }
}

extension Set<Int64> {
    /// Notes a row, as long as there is room.
    mutating func note(_ id: Int64) {
        if count < ReconciliationRun.maximumSeen { insert(id) }
    }
}
