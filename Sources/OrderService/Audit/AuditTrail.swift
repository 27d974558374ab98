import Logging
import MariaDB
import Observability
package import Resilience
import Web

/// Writes down what staff ask for, before they are answered.
package struct AuditTrail: Sendable {
    let store: AuditStore
    private let commit: GroupCommit<AuditEntry>
    private let waits: RecordWaits
    private let failures: Counter
    private let refusals: Counter
    private let logger = Logger(label: "orderd.audit")

    /// How long a record that may be missing is tried to be written.
    private static let patience = Duration.seconds(1)

    /// Records that are committed together at most; each count is a statement of its own.
    private static let groupLimit = 16
    /// Records that may wait for their commit while nobody waits for them on a lane.
    private static let queueLimit = 256

    /// Makes one.
    ///
    /// - Parameters:
    ///   - store: where records are written.
    ///   - writeTimeout: of the store's statements.
    ///   - connectTimeout: of its connections.
    ///   - metrics: tell how many were written and how many were not.
    init(
        store: AuditStore,
        writeTimeout: Duration,
        connectTimeout: Duration,
        metrics: MetricsRegistry
    ) {
        self.store = store
        waits = RecordWaits(patience: writeTimeout / 4)
        // A connection that ends later than this was waited for in vain.
        let promptness = writeTimeout / 2
        // How long MariaDB is thought to be away: longer than two tries and their connections take.
        let absence = writeTimeout * 3 + connectTimeout * 2
        let commit = GroupCommit<AuditEntry>(
            name: "audit",
            limit: Self.groupLimit,
            queueLimit: Self.queueLimit,
            failsAll: Self.isOfAll,
            awayFor: absence
        ) { entries, deadline in
            let start = ContinuousClock.now
            do {
                try store.record(entries, until: deadline)
            } catch let error as MariaDBError
                where error.code?.isConnectionLoss == true && .now - start < promptness
            {
                // Somebody has ended the connection, not the server: that is no reason to refuse all.
                try store.record(entries, until: deadline)
            }
        }
        self.commit = commit
        metrics.counter(
            "orderd_audit_records_total",
            help: "Records of what staff asked for, about one thing each."
        ) { Double(commit.usage.items) }
        metrics.counter(
            "orderd_audit_commits_total",
            help: "Commits of those records: what comes while one is under way shares the next."
        ) { Double(commit.usage.writes) }
        failures = metrics.counter(
            "orderd_audit_failures_total",
            help: "Records of what staff asked for that could not be written."
        )
        refusals = metrics.counter(
            "orderd_audit_refusals_total",
            help: "Requests of staff that were not taken, as too many waited for their record."
        )
    }

    /// Whether MariaDB is away or does not get on, as opposed to out of time for one request.
    ///
    /// Whoever waits in vain for a lock on the end of this table would do so once more, and so would all
    /// others; what ends at once, as a deadlock does, is tried again.
    @Sendable static func isOfAll(_ error: any Error) -> Bool {
        switch error as? MariaDBError {
        case .connectFailed, .closed, .poolExhausted: true
        case .failed(let failure):
            failure.code.isUnavailability && ![.deadlock, .recordChanged].contains(failure.code)
        default: false
        }
    }

    /// Records a request of staff; blocks until the record is committed.
    ///
    /// - Throws: a `Problem` with 503 if it cannot be written: what is not on record does not
    ///   happen, unless the endpoint says that it does.
    func note(_ endpoint: Endpoint, _ context: Context, about order: OwnedOrder? = nil) throws {
        guard endpoint.record != .none, let entry = AuditEntry(endpoint, context) else { return }
        let whole = order.map(entry.about) ?? entry
        try write(endpoint, context) { try commit.submit(whole, until: $0, waitingUntil: $1) }
    }

    /// What came of a look that nobody waits for on a lane.
    enum Outcome: Sendable {
        case onRecord
        /// It cannot be put on record now: 503.
        case refused(Problem)
        /// It shared a commit that failed, perhaps for another record's sake.
        case undecided
    }

    /// Records a look of staff whose answer is there already; never blocks.
    ///
    /// - Parameters:
    ///   - entry: what is put on record.
    ///   - deadline: of the request.
    ///   - callback: is told what came of it, on a lane of the record, or at once if it cannot even
    ///     wait; it must not block for longer than an answer takes to write. Unless it is on record, it
    ///     may be all the same.
    func note(
        _ entry: AuditEntry,
        until deadline: Deadline,
        then callback: @escaping @Sendable (Outcome) -> Void
    ) {
        do throws(GroupCommit<AuditEntry>.Refused) {
            try commit.enqueue(entry, until: deadline) { outcome in
                switch outcome {
                case .written: callback(.onRecord)
                case .groupFailed: callback(.undecided)
                case .failed(let error):
                    callback(.refused(refusal(entry.route, entry.requestID, error)))
                }
            }
        } catch {
            callback(.refused(refusal(entry.route, entry.requestID, error)))
        }
    }

    /// Records a request of staff about each of the orders that its body names; blocks until all
    /// of the records are committed.
    ///
    /// - Parameters:
    ///   - endpoint: which was asked.
    ///   - context: of the request.
    ///   - orders: those that there are.
    ///   - subject: what the request makes of them together.
    /// - Throws: a `Problem` with 503 if they cannot be written, as for a single record.
    func note(
        _ endpoint: Endpoint,
        _ context: Context,
        aboutEach orders: [OwnedOrder],
        subject: String
    ) throws {
        guard !orders.isEmpty, endpoint.record != .none,
            var entry = AuditEntry(endpoint, context)
        else { return }
        entry.subject = subject
        try write(endpoint, context) { try store.record(entry, aboutEach: orders, until: $1) }
    }

    private func write(
        _ endpoint: Endpoint,
        _ context: Context,
        _ record: (_ deadline: Deadline, _ end: Deadline) throws -> Void
    ) throws {
        let isVital = endpoint.record == .required
        let deadline =
            isVital ? context.deadline : context.deadline.tightened(to: Self.patience)
        do {
            let wait = try waits.begin(until: deadline)
            defer { waits.end(wait) }
            do {
                try record(deadline, wait.end)
            } catch  where wait.end.isExpired && !deadline.isExpired {
                throw RecordWaits.Slow()
            }
        } catch {
            let refusal = refusal(endpoint.name, context.requestID, error, isRefused: isVital)
            if isVital { throw refusal }
        }
    }

    /// Tells operators of what could not be put on record; the answer to whoever is refused for it.
    private func refusal(
        _ route: String,
        _ requestID: String,
        _ error: any Error,
        isRefused: Bool = true
    ) -> Problem {
        let problem = Problem.dependencyUnavailable(retryAfter: 1)
        switch error {
        case GroupCommit<AuditEntry>.Refused.full where isRefused,
            is RecordWaits.Slow where isRefused:
            refusals.increment()
            return .overloaded(retryAfter: 1)
        // The write that has found it out has told why.
        case GroupCommit<AuditEntry>.Refused.away:
            failures.increment()
            return problem
        default:
            failures.increment()
        }
        logger.error(
            "a request of staff is not on record",
            metadata: [
                "route": "\(route)", "requestId": "\(requestID)", "refused": "\(isRefused)",
                "error": "\(error)",
            ]
        )
        return problem
    }

    /// Records a command of an operator.
    ///
    /// - Parameters:
    ///   - command: such as `refunds pause`.
    ///   - account: the unix account that runs it.
    ///   - orderID: the order it is about.
    ///   - userID: whose data it is about.
    ///   - subject: what else it is about.
    ///   - reason: why, in the operator's words.
    ///   - deadline: by which the record is committed, or fails.
    /// - Throws: `MariaDBError`.
    package func note(
        command: String,
        by account: String,
        orderID: Int64? = nil,
        userID: String? = nil,
        subject: String? = nil,
        reason: String? = nil,
        until deadline: Deadline
    ) throws {
        let entry = AuditEntry(
            actor: "cli:\(account)",
            roles: [],
            route: "orderd \(command)",
            orderID: orderID,
            userID: userID,
            subject: subject,
            reason: reason,
            requestID: RequestID.of(.none)
        )
        try store.record([entry], until: deadline)
    }
}
