import MariaDB
import Resilience
import Signing

/// What an idempotency key is valid for, and the request it came with.
struct IdempotencyScope: Sendable {
    /// Who asks: `user:<id>`, `order:<id>` of a guest, `checkout:<id>`.
    let principal: String
    /// The route's pattern.
    let route: String
    let key: String
    /// SHA-256 of method, path and body.
    let fingerprint: Digest
}

/// The right to carry out the request of a key; its fence shows whether it still holds.
struct IdempotencyClaim: Sendable {
    let id: Int64
    let fence: Int64
    let leasedUntil: Timestamp
    let scope: IdempotencyScope
}

/// The connection broke while a claim was committed: it may stand, and somebody has to end it.
struct ClaimOutcomeUnknown: Error {
    let claim: IdempotencyClaim
    let cause: MariaDBError
}

/// An answer as it was first given.
struct StoredAnswer: Sendable {
    let status: Int
    let body: [UInt8]
    /// The order that it is about.
    var orderID: Int64?
}

/// What became of an attempt to claim a key.
enum IdempotencyDecision: Sendable {
    case claimed(IdempotencyClaim)
    case replay(StoredAnswer)
    case inProgress
    /// The key came with another request before.
    case reused
}

/// The idempotency keys' rows: who comes first carries out, all others get the first answer.
struct IdempotencyStore: Sendable {
    let database: Database
    let sealing: Sealing
    let clock: WallClock
    /// Whose claims they are.
    let process: ProcessIdentity

    /// Claims a key for the request that came with it.
    ///
    /// InnoDB's unique index decides who is first. A claim whose lease has run out is taken over
    /// with a higher fence, so that a slow first run cannot write over the second.
    ///
    /// - Throws: `ClaimOutcomeUnknown`, and any other error of the database.
    func claim(
        _ scope: IdempotencyScope,
        lease: Duration,
        retention: Duration,
        until deadline: Deadline
    ) throws -> IdempotencyDecision {
        var attempted: IdempotencyClaim?
        do {
            let decision = try database.transaction(class: .write, until: deadline) {
                transaction in
                let decision = try claim(scope, lease: lease, retention: retention, &transaction)
                if case .claimed(let claim) = decision {
                    attempted = claim
                    CrashPoint.keyClaimed.pass(.before)
                }
                return decision
            }
            if attempted != nil { CrashPoint.keyClaimed.pass(.after) }
            return decision
        } catch let error as MariaDBError {
            guard case .commitOutcomeUnknown = error, let attempted else { throw error }
            throw ClaimOutcomeUnknown(claim: attempted, cause: error)
        }
    }

    private func claim(
        _ scope: IdempotencyScope,
        lease: Duration,
        retention: Duration,
        _ transaction: inout Transaction
    ) throws -> IdempotencyDecision {
        let now = clock.now
        let written = try transaction.execute(
            """
            INSERT INTO idempotency_keys (principal, route, idempotency_key, fingerprint,
                fence, leased_until, leased_by, recovery_point, created_at, expires_at)
            VALUES (\(scope.principal), \(scope.route), \(scope.key),
                \(scope.fingerprint.bytes), 1, \(now + lease), \(process.text), 'started',
                \(now), \(now + retention))
            ON DUPLICATE KEY UPDATE id = id
            """
        )
        // One row is a new one; a row that was there is locked now, and none is affected.
        if written.affectedRows == 1, let id = Int64(exactly: written.lastInsertID) {
            return .claimed(
                IdempotencyClaim(id: id, fence: 1, leasedUntil: now + lease, scope: scope)
            )
        }
        let rows = try transaction.query(
            """
            SELECT id, fingerprint, fence, leased_until, response_status, response, order_id
            FROM idempotency_keys
            WHERE principal = \(scope.principal) AND route = \(scope.route)
                AND idempotency_key = \(scope.key)
            FOR UPDATE
            """
        )
        guard let row = rows.first else { return .inProgress }
        guard try row.bytes("fingerprint") == scope.fingerprint.bytes else { return .reused }
        if let status = try row.optionalInt("response_status"),
            let sealed = try row.optionalBytes("response")
        {
            let body = try sealing.open(sealed, authenticating: scope.sealingContext)
            let orderID = try row.optionalInt64("order_id")
            return .replay(StoredAnswer(status: status, body: body, orderID: orderID))
        }
        if let leasedUntil = try row.optionalTimestamp("leased_until"), leasedUntil > now {
            return .inProgress
        }
        let claim = IdempotencyClaim(
            id: try row.int64("id"),
            fence: try row.int64("fence") + 1,
            leasedUntil: now + lease,
            scope: scope
        )
        try transaction.execute(
            """
            UPDATE idempotency_keys SET fence = \(claim.fence),
                leased_until = \(claim.leasedUntil), leased_by = \(process.text)
            WHERE id = \(claim.id)
            """
        )
        return .claimed(claim)
    }

    /// Stores the answer beside its effect, in the effect's transaction.
    ///
    /// - Returns: false if another run has taken the key over; nothing may be committed then.
    func finish(
        _ claim: IdempotencyClaim,
        _ answer: StoredAnswer,
        orderID: Int64?,
        retention: Duration,
        in transaction: inout Transaction
    ) throws -> Bool {
        let sealed = sealing.seal(answer.body, authenticating: claim.scope.sealingContext)
        return try transaction.execute(
            """
            UPDATE idempotency_keys SET response_status = \(answer.status),
                response = \(sealed), recovery_point = 'finished', order_id = \(orderID),
                leased_until = NULL, leased_by = NULL, expires_at = \(clock.now + retention)
            WHERE id = \(claim.id) AND fence = \(claim.fence)
            """
        ).affectedRows == 1
    }

    /// Gives a claim up that had no effect, so that the key may be tried again at once.
    func release(_ claim: IdempotencyClaim, until deadline: Deadline) throws {
        _ = try database.execute(
            "DELETE FROM idempotency_keys WHERE id = \(claim.id) AND fence = \(claim.fence)",
            until: deadline
        )
    }

    /// Ends the lease of a claim whose work is half done, so that a repeat continues it at once.
    ///
    /// By the lease's end as well: a claim that may not have been committed shares its fence with
    /// the next one.
    func suspend(_ claim: IdempotencyClaim, until deadline: Deadline) throws {
        _ = try database.execute(
            """
            UPDATE idempotency_keys SET leased_until = NULL, leased_by = NULL
            WHERE id = \(claim.id) AND fence = \(claim.fence)
                AND leased_until = \(claim.leasedUntil)
            """,
            until: deadline
        )
    }
}

extension IdempotencyScope {
    /// What a sealed answer is bound to, so that it opens under its own key only.
    fileprivate var sealingContext: [UInt8] {
        Array("idempotency|\(principal)|\(route)|\(key)".utf8)
    }
}
