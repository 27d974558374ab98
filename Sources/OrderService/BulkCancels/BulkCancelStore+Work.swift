import MariaDB
import Resilience

/// What workers do with the orders of bulk cancels.
extension BulkCancelStore {
    /// An order that one worker has for a while.
    struct Leased: Sendable {
        let itemID: Int64
        let orderID: Int64
        let createdBy: String
        let reason: String
        let attempts: Int
        let end: Timestamp
    }

    /// What was decided on an order.
    struct Decision: Sendable, Equatable {
        let outcome: BulkCancelOutcome
        var detail: String?
    }

    /// The lease has ended, and another worker has the order or has decided on it.
    struct Overtaken: Error {}

    /// Tries after which an order is left as it is, some ten minutes after the first.
    private static let mostAttempts = 12

    /// Leases orders that are due, those asked for first at the front; others skip them meanwhile.
    ///
    /// As `OutboxRelay.lease`: what was read is claimed only as far as it is due still.
    func lease(limit: Int, for lease: Duration, until deadline: Deadline) throws -> [Leased] {
        let now = clock.now
        // The odd end tells this claim from any other.
        let end = now + lease + .microseconds(Int64.random(in: 0..<1_000_000))
        let due = try database.query(
            """
            SELECT i.id, i.order_id, i.attempts, b.created_by, b.reason
            FROM bulk_cancel_items i JOIN bulk_cancels b ON b.id = i.bulk_cancel_id
            WHERE i.next_attempt_at <= \(now) ORDER BY i.next_attempt_at, i.id LIMIT \(limit)
            """,
            class: .job,
            until: deadline
        ).map { try Leased($0, until: end) }
        guard !due.isEmpty else { return [] }
        CrashPoint.bulkCancelLeased.pass(.before)
        let ids = due.map(\.itemID)
        do {
            let claimed = try database.execute(
                """
                UPDATE bulk_cancel_items SET next_attempt_at = \(end), leased_by = \(process.text)
                WHERE id IN (\(list: ids)) AND next_attempt_at <= \(now)
                """,
                class: .job,
                until: deadline
            ).affectedRows
            CrashPoint.bulkCancelLeased.pass(.after)
            guard claimed < due.count else { return due }
            let own = try database.query(
                """
                SELECT id FROM bulk_cancel_items WHERE id IN (\(list: ids))
                    AND next_attempt_at = \(end) AND leased_by = \(process.text)
                """,
                class: .job,
                until: deadline
            ).map { try $0.int64("id") }
            return due.filter { own.contains($0.itemID) }
        } catch {
            // Perhaps they are claimed all the same: nobody shall wait until that runs out.
            _ = try? database.execute(
                """
                UPDATE bulk_cancel_items SET next_attempt_at = \(now), leased_by = NULL
                WHERE id IN (\(list: ids)) AND next_attempt_at = \(end)
                """,
                class: .job,
                until: .after(.seconds(1))
            )
            throw error
        }
    }

    /// Writes what was decided on an order, in the transaction of what follows from it.
    ///
    /// - Throws: `Overtaken` where it is this worker's no more, which undoes the transaction.
    func decide(
        _ item: Leased,
        _ decision: Decision,
        in transaction: inout Transaction
    ) throws {
        let written = try transaction.execute(
            """
            UPDATE bulk_cancel_items SET outcome = \(decision.outcome.rawValue),
                detail = \(decision.detail), decided_at = \(clock.now), next_attempt_at = NULL,
                leased_by = NULL, last_error = NULL
            WHERE \(isOurs(item))
            """
        )
        guard written.affectedRows == 1 else { throw Overtaken() }
        CrashPoint.bulkCancelDecided.pass(.before)
    }

    /// Puts an order off after a failure; after too many it has failed.
    func postpone(_ item: Leased, because reason: String, until deadline: Deadline) throws {
        let isLost = item.attempts + 1 >= Self.mostAttempts
        let now = clock.now
        let outcome: BulkCancelOutcome = isLost ? .failed : .pending
        let detail = isLost ? "It could not be carried out; the order is as it was." : nil
        let next = isLost ? nil : now + WorkerBackoff.delay(after: item.attempts)
        _ = try database.execute(
            """
            UPDATE bulk_cancel_items SET attempts = attempts + 1, leased_by = NULL,
                last_error = \(reason.cut(toVarChar: 255)), outcome = \(outcome.rawValue),
                detail = \(detail), decided_at = \(isLost ? now : nil), next_attempt_at = \(next)
            WHERE \(isOurs(item))
            """,
            class: .job,
            until: deadline
        )
    }

    private func isOurs(_ item: Leased) -> SQL {
        """
        id = \(item.itemID) AND outcome = 'pending' AND next_attempt_at = \(item.end)
            AND leased_by = \(process.text)
        """
    }

    /// How many orders wait for a worker, and since when the oldest does.
    func backlog(until deadline: Deadline) throws -> (count: Int, oldest: Timestamp?) {
        // The ids ascend with time, and the index that the count reads has them.
        let row = try database.query(
            """
            SELECT w.waiting, b.created_at
            FROM (
                SELECT COUNT(*) AS waiting, MIN(id) AS oldest FROM bulk_cancel_items
                WHERE next_attempt_at IS NOT NULL
            ) AS w
            LEFT JOIN bulk_cancel_items i ON i.id = w.oldest
            LEFT JOIN bulk_cancels b ON b.id = i.bulk_cancel_id
            """,
            class: .job,
            until: deadline
        ).first
        return (try row?.int("waiting") ?? 0, try row?.optionalTimestamp("created_at"))
    }
}

extension BulkCancelStore.Leased {
    fileprivate init(_ row: Row, until end: Timestamp) throws {
        itemID = try row.int64("id")
        orderID = try row.int64("order_id")
        createdBy = try row.string("created_by")
        reason = try row.string("reason")
        attempts = try row.int("attempts")
        self.end = end
    }
}
