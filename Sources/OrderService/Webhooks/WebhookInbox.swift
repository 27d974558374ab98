import MariaDB
import Resilience

/// The rows of received webhooks: written by the web side, applied by the worker.
struct WebhookInbox: Sendable {
    let database: Database
    let clock: WallClock
    /// Whose leases they are.
    let process: ProcessIdentity

    struct Delivery: Sendable {
        let id: Int64
        let eventID: String
        let type: String
        let objectID: String?
        let payload: [UInt8]
        let attempts: Int
    }

    /// Stores a delivery.
    ///
    /// - Returns: false if the event is there already.
    func insert(
        _ event: StripeEvent.Head,
        payload: [UInt8],
        until deadline: Deadline
    ) throws -> Bool {
        do throws(MariaDBError) {
            CrashPoint.webhookStored.pass(.before)
            _ = try database.execute(
                """
                INSERT INTO webhook_inbox
                    (event_id, type, object_id, payload, received_at, next_attempt_at)
                VALUES (\(event.id), \(event.type), \(event.objectID), \(payload), \(clock.now),
                    \(clock.now))
                """,
                until: deadline
            )
            CrashPoint.webhookStored.pass(.after)
            return true
        } catch {
            guard error.code == .duplicateEntry else { throw error }
            return false
        }
    }

    /// Stores those events that are not there yet, as caught up with.
    ///
    /// - Returns: the types of those that were lacking.
    func insertLacking(
        _ events: [StripeEvent],
        in transaction: inout Transaction
    ) throws -> [String] {
        let rows = try transaction.query(
            """
            SELECT event_id FROM webhook_inbox WHERE event_id IN (\(list: events.map(\.head.id)))
            """
        )
        var known = Set(try rows.map { try $0.string("event_id") })
        let now = clock.now
        var lacking: [String] = []
        for event in events where known.insert(event.head.id).inserted {
            let head = event.head
            do throws(MariaDBError) {
                try transaction.execute(
                    """
                    INSERT INTO webhook_inbox
                        (event_id, source, type, object_id, payload, received_at, next_attempt_at)
                    VALUES (\(head.id), 'catch_up', \(head.type), \(head.objectID),
                        \(event.payload), \(now), \(now))
                    """
                )
                lacking.append(head.type)
            } catch {
                // Its webhook has come just now.
                guard error.code == .duplicateEntry else { throw error }
            }
        }
        return lacking
    }

    /// Leases deliveries that are due, for one worker; others skip them meanwhile.
    ///
    /// As `OutboxRelay.lease`: what was read is claimed only as far as it is due still.
    func lease(limit: Int, for lease: Duration, until deadline: Deadline) throws -> [Delivery] {
        let now = clock.now
        let deliveries = try database.query(
            """
            SELECT id, event_id, type, object_id, payload, attempts FROM webhook_inbox
            WHERE next_attempt_at <= \(now) ORDER BY next_attempt_at LIMIT \(limit)
            """,
            class: .job,
            until: deadline
        ).map(Delivery.init)
        guard !deliveries.isEmpty else { return [] }
        CrashPoint.webhookLeased.pass(.before)
        // The odd end tells this claim from any other.
        let end = now + lease + .microseconds(Int64.random(in: 0..<1_000_000))
        do {
            let own = try claim(deliveries, at: now, until: end, deadline)
            CrashPoint.webhookLeased.pass(.after)
            return own
        } catch {
            // Perhaps they are claimed all the same: nobody shall wait until that runs out.
            _ = try? database.execute(
                """
                UPDATE webhook_inbox SET next_attempt_at = \(now), leased_by = NULL
                WHERE id IN (\(list: deliveries.map(\.id))) AND next_attempt_at = \(end)
                """,
                class: .job,
                until: .after(.seconds(1))
            )
            throw error
        }
    }

    /// Claims what is due still.
    private func claim(
        _ deliveries: [Delivery],
        at now: Timestamp,
        until end: Timestamp,
        _ deadline: Deadline
    ) throws -> [Delivery] {
        let ids = deliveries.map(\.id)
        let claimed = try database.execute(
            """
            UPDATE webhook_inbox SET attempts = attempts + 1, next_attempt_at = \(end),
                leased_by = \(process.text)
            WHERE id IN (\(list: ids)) AND next_attempt_at <= \(now)
            """,
            class: .job,
            until: deadline
        ).affectedRows
        guard claimed < deliveries.count else { return deliveries }
        let own = try database.query(
            """
            SELECT id FROM webhook_inbox WHERE id IN (\(list: ids)) AND next_attempt_at = \(end)
                AND leased_by = \(process.text)
            """,
            class: .job,
            until: deadline
        ).map { try $0.int64("id") }
        return deliveries.filter { own.contains($0.id) }
    }

    func markApplied(_ ids: [Int64], until deadline: Deadline) throws {
        guard !ids.isEmpty else { return }
        CrashPoint.webhookApplied.pass(.before)
        _ = try database.execute(
            """
            UPDATE webhook_inbox SET applied_at = \(clock.now), next_attempt_at = NULL,
                leased_by = NULL, last_error = NULL
            WHERE id IN (\(list: ids))
            """,
            until: deadline
        )
        CrashPoint.webhookApplied.pass(.after)
    }

    func postpone(
        _ id: Int64,
        by delay: Duration,
        because reason: String,
        until deadline: Deadline
    ) throws {
        _ = try database.execute(
            """
            UPDATE webhook_inbox SET next_attempt_at = \(clock.now + delay),
                leased_by = NULL, last_error = \(reason.cut(toVarChar: 255))
            WHERE id = \(id) AND applied_at IS NULL
            """,
            until: deadline
        )
    }

    /// How many deliveries wait, and since when the oldest does.
    func backlog(until deadline: Deadline) throws -> (count: Int, oldest: Timestamp?) {
        let row = try database.query(
            """
            SELECT COUNT(*) AS waiting, MIN(received_at) AS oldest FROM webhook_inbox
            WHERE next_attempt_at IS NOT NULL
            """,
            until: deadline
        ).first
        return (try row?.int("waiting") ?? 0, try row?.optionalTimestamp("oldest"))
    }
}

extension WebhookInbox.Delivery {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        eventID = try row.string("event_id")
        type = try row.string("type")
        objectID = try row.optionalString("object_id")
        payload = try row.bytes("payload")
        attempts = try row.int("attempts")
    }
}
