import MariaDB
import Resilience

/// The reading side of one channel of the outbox: leases what is due, in order per order id.
struct OutboxRelay: Sendable {
    let database: Database
    let clock: WallClock
    let channel: OutboxMessage.Channel
    /// Whose leases they are.
    let process: ProcessIdentity

    /// A message that failed again at this age is dead: listed, and out of the others' way.
    ///
    /// By age and not by tries, so that an outage of a day kills nothing.
    static let maximumAge = Duration.seconds(24 * 3_600)
    private static let longestInvalidationPause = Duration.seconds(1)
    private static let lease = Duration.seconds(30)

    struct Message: Sendable {
        let id: Int64
        let orderID: Int64
        let topic: String
        let payload: String
        let createdAt: Timestamp
        let attempts: Int
    }

    /// Events are told in the order in which they happened to an order; tasks and invalidations
    /// need none, and a task for later must not hold up one for now.
    ///
    /// The index is named: by statistics that lag behind, the server takes the one that begins with
    /// the channel as well, and reads every sent event for each that is due.
    private static let oldestOfItsOrder: SQL = """
        AND NOT EXISTS (
            SELECT 1 FROM outbox p FORCE INDEX (outbox_unsent_order_id_idx)
            WHERE p.channel = o.channel AND p.unsent_order_id = o.order_id AND p.id < o.id)
        """

    /// Leases due messages for one worker; others skip them meanwhile.
    ///
    /// Without a transaction: what was read is claimed only as far as it is due still, so that of
    /// two workers who read the same one gets each message; and nothing is locked while none is due.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - topics: which; all of the channel if empty.
    ///   - deadline: by which they are leased, or none is.
    /// - Returns: the messages, those due first at the front.
    /// - Throws: `MariaDBError`.
    func lease(
        limit: Int,
        topics: [String] = [],
        until deadline: Deadline
    ) throws -> [Message] {
        let now = clock.now
        let messages = try due(limit: limit, topics: topics, at: now, until: deadline)
        guard !messages.isEmpty else { return [] }
        channel.leased?.pass(.before)
        // The odd end tells this claim from any other.
        let end = now + Self.lease + .microseconds(Int64.random(in: 0..<1_000_000))
        do {
            let own = try claim(messages, at: now, until: end, deadline)
            channel.leased?.pass(.after)
            return own
        } catch {
            // Perhaps they are claimed all the same: nobody shall wait until that runs out.
            _ = try? database.execute(
                """
                UPDATE outbox SET leased_until = NULL, leased_by = NULL
                WHERE id IN (\(list: messages.map(\.id))) AND leased_until = \(end)
                """,
                class: .job,
                until: .after(.seconds(1))
            )
            throw error
        }
    }

    /// Reads due messages that nobody has leased, and leases none: for what may be done twice.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - topics: which; all of the channel if empty.
    ///   - now: the time; the clock's if nil.
    ///   - deadline: of the question.
    /// - Returns: the messages, those due first at the front.
    /// - Throws: `MariaDBError`.
    func due(
        limit: Int,
        topics: [String] = [],
        at now: Timestamp? = nil,
        until deadline: Deadline
    ) throws -> [Message] {
        let now = now ?? clock.now
        let order = channel == .event ? Self.oldestOfItsOrder : ""
        let topic: SQL = topics.isEmpty ? "" : "AND o.topic IN (\(list: topics))"
        return try database.query(
            """
            SELECT o.id, o.order_id, o.topic, o.payload, o.created_at, o.attempts FROM outbox o
            WHERE o.channel = \(channel.rawValue) AND o.next_attempt_at <= \(now)
                AND \(Self.isFree(at: now)) \(topic) \(order)
            ORDER BY o.next_attempt_at LIMIT \(limit)
            """,
            class: .job,
            until: deadline
        ).map(Message.init)
    }

    private static func isFree(at now: Timestamp) -> SQL {
        "(leased_until IS NULL OR leased_until < \(now))"
    }

    /// Claims what is due still.
    private func claim(
        _ messages: [Message],
        at now: Timestamp,
        until end: Timestamp,
        _ deadline: Deadline
    ) throws -> [Message] {
        let ids = messages.map(\.id)
        let claimed = try database.execute(
            """
            UPDATE outbox SET leased_until = \(end), leased_by = \(process.text)
            WHERE id IN (\(list: ids)) AND next_attempt_at <= \(now)
                AND \(Self.isFree(at: now))
            """,
            class: .job,
            until: deadline
        ).affectedRows
        guard claimed < messages.count else { return messages }
        let own = try database.query(
            """
            SELECT id FROM outbox WHERE id IN (\(list: ids)) AND leased_until = \(end)
                AND leased_by = \(process.text)
            """,
            class: .job,
            until: deadline
        ).map { try $0.int64("id") }
        return messages.filter { own.contains($0.id) }
    }

    /// The messages that are not sent, and those that were within the last while, oldest first.
    ///
    /// It claims none of them.
    ///
    /// - Parameters:
    ///   - id: of the last one that is known already; 0 for none.
    ///   - since: from when on a message may have been sent.
    ///   - limit: of how many.
    ///   - deadline: of the question.
    /// - Returns: those with a greater id.
    /// - Throws: `MariaDBError`.
    func recent(
        after id: Int64,
        sentSince since: Timestamp,
        limit: Int,
        until deadline: Deadline
    ) throws -> [Message] {
        let columns: SQL = "id, order_id, topic, payload, created_at, attempts"
        return try database.query(
            """
            (SELECT \(columns) FROM outbox FORCE INDEX (outbox_next_attempt_at_idx)
                WHERE channel = \(channel.rawValue) AND next_attempt_at IS NOT NULL AND id > \(id)
                ORDER BY id LIMIT \(limit))
            UNION
            (SELECT \(columns) FROM outbox FORCE INDEX (outbox_sent_at_idx)
                WHERE channel = \(channel.rawValue) AND sent_at >= \(since) AND id > \(id)
                ORDER BY id LIMIT \(limit))
            ORDER BY id LIMIT \(limit)
            """,
            class: .job,
            until: deadline
        ).map(Message.init)
    }

    /// When the channel's last message was sent; nil if none is left.
    ///
    /// - Throws: `MariaDBError`.
    func lastSending(until deadline: Deadline) throws -> Timestamp? {
        try database.query(
            """
            SELECT sent_at FROM outbox FORCE INDEX (outbox_sent_at_idx)
            WHERE channel = \(channel.rawValue) AND sent_at IS NOT NULL
            ORDER BY sent_at DESC LIMIT 1
            """,
            class: .job,
            until: deadline
        ).first?.timestamp("sent_at")
    }

    /// Marks messages as sent: of those that are leased only what is still this process's own.
    func markSent(_ ids: [Int64], until deadline: Deadline) throws {
        guard !ids.isEmpty else { return }
        channel.sent.pass(.before)
        let isOwn: SQL = channel.leased == nil ? "" : "AND leased_by = \(process.text)"
        _ = try database.execute(
            """
            UPDATE outbox SET sent_at = \(clock.now), next_attempt_at = NULL,
                leased_until = NULL, leased_by = NULL, last_error = NULL
            WHERE id IN (\(list: ids)) \(isOwn)
            """,
            class: .job,
            until: deadline
        )
        channel.sent.pass(.after)
    }

    /// Puts a message off after a failure; after too many it is dead.
    func postpone(_ message: Message, because reason: String, until deadline: Deadline) throws {
        let isDead = clock.now.distance(from: message.createdAt) >= Self.maximumAge
        // A cache must not serve the old state for minutes after Redis has come back.
        let cap = channel == .cache ? Self.longestInvalidationPause : WorkerBackoff.longest
        let next = clock.now + min(cap, WorkerBackoff.delay(after: message.attempts))
        _ = try database.execute(
            """
            UPDATE outbox SET attempts = attempts + 1, leased_until = NULL, leased_by = NULL,
                last_error = \(reason.cut(toVarChar: 255)),
                next_attempt_at = \(isDead ? nil : next), dead_at = \(isDead ? clock.now : nil)
            WHERE id = \(message.id) AND sent_at IS NULL
            """,
            class: .job,
            until: deadline
        )
    }

    /// Lets a message that went well be due again, as if it were new.
    func renew(_ message: Message, at time: Timestamp, until deadline: Deadline) throws {
        _ = try database.execute(
            """
            UPDATE outbox SET attempts = 0, leased_until = NULL, leased_by = NULL,
                last_error = NULL, created_at = \(clock.now), next_attempt_at = \(time)
            WHERE id = \(message.id)
            """,
            class: .job,
            until: deadline
        )
    }
}

extension OutboxRelay.Message {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        orderID = try row.int64("order_id")
        topic = try row.string("topic")
        payload = try row.string("payload")
        createdAt = try row.timestamp("created_at")
        attempts = try row.int("attempts")
    }
}

extension OutboxMessage.Channel {
    /// Invalidations are not leased.
    fileprivate var leased: CrashPoint? {
        switch self {
        case .event: .eventLeased
        case .cache: nil
        case .task: .taskLeased
        }
    }

    fileprivate var sent: CrashPoint {
        switch self {
        case .event: .eventSent
        case .cache: .invalidationSent
        case .task: .taskSent
        }
    }
}

/// How long the worker waits after a failure.
enum WorkerBackoff {
    static let longest = Duration.seconds(300)

    /// Half a second doubling to the longest, shortened by up to a half at random.
    static func delay(after attempts: Int) -> Duration {
        let whole = min(longest.wholeMilliseconds, 500 << Int64(min(attempts, 10)))
        return .milliseconds(Int64.random(in: whole / 2...whole))
    }
}
