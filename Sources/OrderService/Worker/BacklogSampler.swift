import Commerce
import MariaDB
import Observability
import Resilience

/// Reads from the database how much work waits for the worker, for the metrics of `serve`.
///
/// So it shows also, and above all, when no worker runs.
struct BacklogSampler: Sendable {
    private let database: Database
    private let inbox: WebhookInbox
    private let clock: WallClock
    private let inboxWaiting: Gauge
    private let inboxAge: Gauge
    private let unsent: [OutboxMessage.Channel: Gauge]
    private let oldestUnsent: [OutboxMessage.Channel: Gauge]
    private let oldestFailing: [OutboxMessage.Channel: Gauge]
    private let dead: Gauge
    private let refunds: [RefundStatus: Gauge]
    private let lookUpAge: Gauge

    init(
        database: Database,
        inbox: WebhookInbox,
        clock: WallClock,
        metrics: MetricsRegistry
    ) {
        self.database = database
        self.inbox = inbox
        self.clock = clock
        inboxWaiting = metrics.gauge("orderd_inbox_waiting", help: "Webhooks not yet applied.")
        inboxAge = metrics.gauge(
            "orderd_inbox_oldest_seconds",
            help: "Age of the oldest webhook that is not yet applied."
        )
        lookUpAge = metrics.gauge(
            "orderd_guest_lookups_oldest_seconds",
            help: "Age of the oldest look-up of a guest that the worker has not looked at."
        )
        func gauges(_ name: String, _ help: String) -> [OutboxMessage.Channel: Gauge] {
            Dictionary(
                uniqueKeysWithValues: OutboxMessage.Channel.allCases.map { channel in
                    (
                        channel,
                        metrics.gauge(name, help: help, labels: ["channel": channel.rawValue])
                    )
                }
            )
        }
        unsent = gauges("orderd_outbox_waiting", "Messages of the outbox that are due.")
        oldestUnsent = gauges(
            "orderd_outbox_oldest_seconds",
            "How long the oldest due message of the outbox has been due."
        )
        oldestFailing = gauges(
            "orderd_outbox_failing_oldest_seconds",
            "Age of the oldest message of the outbox that has failed and is tried again."
        )
        dead = metrics.gauge("orderd_outbox_dead", help: "Messages that were given up.")
        refunds = Dictionary(
            uniqueKeysWithValues: RefundStore.unfinished.map { status in
                let help = "Refunds that are not at their end."
                let labels: MetricsRegistry.Labels = ["status": status.rawValue]
                return (status, metrics.gauge("orderd_refunds", help: help, labels: labels))
            }
        )
    }

    /// Takes one sample; blocks on MariaDB.
    ///
    /// - Parameter deadline: for the queries together.
    /// - Throws: `MariaDBError`.
    func run(until deadline: Deadline) throws {
        let now = clock.now
        let waiting = try inbox.backlog(until: deadline)
        inboxWaiting.set(waiting.count)
        inboxAge.set(secondsSince: waiting.oldest, at: now)
        for channel in OutboxMessage.Channel.allCases {
            let row = try database.query(
                """
                SELECT COUNT(*) AS waiting, MIN(next_attempt_at) AS oldest FROM outbox
                WHERE channel = \(channel.rawValue) AND next_attempt_at <= \(now)
                """,
                until: deadline
            ).first
            let failing = try database.query(
                """
                SELECT MIN(created_at) AS oldest FROM outbox
                WHERE channel = \(channel.rawValue) AND next_attempt_at IS NOT NULL
                    AND attempts > 0
                """,
                until: deadline
            ).first
            oldestFailing[channel]?.set(
                secondsSince: try failing?.optionalTimestamp("oldest"),
                at: now
            )
            unsent[channel]?.set(try row?.int("waiting") ?? 0)
            oldestUnsent[channel]?.set(
                secondsSince: try row?.optionalTimestamp("oldest"),
                at: now
            )
        }
        let row = try database.query(
            "SELECT COUNT(*) AS dead FROM outbox WHERE dead_at IS NOT NULL",
            until: deadline
        ).first
        dead.set(try row?.int("dead") ?? 0)
        let counts = try RefundStore(database: database, clock: clock)
            .unfinishedCounts(until: deadline)
        for (status, gauge) in refunds { gauge.set(counts[status] ?? 0) }
        let oldest = try GuestLookUpStore(database: database).oldestWaiting(until: deadline)
        lookUpAge.set(secondsSince: oldest, at: now)
    }
}
