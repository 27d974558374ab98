import Commerce
import MariaDB
import Resilience
import Signing

extension RefundStore {
    /// What a new row says.
    struct Draft: Sendable {
        let orderID: Int64
        let paymentID: Int64
        let amount: Money
        let reason: String
        let status: RefundStatus
        let requestedBy: String
        var claimID: Int64?
        /// Of one that Stripe has already.
        var providerID: String?
        var lines: [RefundLine] = []
        var nextAttemptAt: Timestamp?
        var lastError: String?
        var failureReason: String?
        var reviewReason: String?
    }

    /// Writes a new refund; its key for Stripe is written here, before any call.
    static func insert(
        _ draft: Draft,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws -> Refund {
        let publicID = "ref_" + Base64URL.encode(SecureRandom.bytes(16))
        let key = draft.providerID == nil ? "refund-\(publicID)" : nil
        try transaction.execute(
            """
            INSERT INTO refunds (public_id, order_id, payment_id, claim_id, amount_minor, currency,
                reason, status, provider_refund_id, provider_key, requested_by, next_attempt_at,
                last_error, failure_reason, review_reason, created_at, updated_at, completed_at)
            VALUES (\(publicID), \(draft.orderID), \(draft.paymentID), \(draft.claimID),
                \(draft.amount.minor), \(draft.amount.currency.rawValue), \(draft.reason),
                \(draft.status.rawValue), \(draft.providerID), \(key), \(draft.requestedBy),
                \(draft.nextAttemptAt), \(draft.lastError), \(draft.failureReason),
                \(draft.reviewReason), \(now), \(now),
                \(draft.status == .succeeded ? now : nil))
            """
        )
        let row = try transaction.query(
            "SELECT \(Refund.columns) FROM refunds WHERE public_id = \(publicID)"
        ).first
        guard let refund = try row.map(Refund.init) else {
            throw UnknownWord(column: "public_id", word: publicID)
        }
        for line in draft.lines {
            try transaction.execute(
                """
                INSERT INTO refund_lines (refund_id, line_position, quantity, amount_minor)
                VALUES (\(refund.id), \(line.position), \(line.quantity), \(line.amount.minor))
                """
            )
        }
        return refund
    }

    /// What a change of a refund writes; what it does not name stays.
    struct Update: Sendable {
        let status: RefundStatus
        var amount: Money?
        var providerID: String?
        var lastError: String?
        var failureReason: String?
        var reviewReason: String?
        var nextAttemptAt: Timestamp?
        var resolution: (evidence: String, by: String)?
    }

    /// Changes a locked refund and bumps its version; a refund that is not open is left alone by
    /// the worker from then on.
    static func update(
        _ refund: Refund,
        _ update: Update,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let amount = update.amount ?? refund.amount
        let next = update.status.isOpen ? update.nextAttemptAt ?? refund.nextAttemptAt ?? now : nil
        let completedAt = update.status == .succeeded ? refund.completedAt ?? now : nil
        try transaction.execute(
            """
            UPDATE refunds SET status = \(update.status.rawValue), amount_minor = \(amount.minor),
                provider_refund_id = COALESCE(provider_refund_id, \(update.providerID)),
                last_error = \(update.lastError.map { String($0.prefix(64)) }),
                failure_reason = COALESCE(\(update.failureReason), failure_reason),
                review_reason = COALESCE(\(update.reviewReason), review_reason),
                next_attempt_at = \(next), evidence = COALESCE(\(update.resolution?.evidence), evidence),
                resolved_by = COALESCE(\(update.resolution?.by), resolved_by),
                resolved_at = COALESCE(\(update.resolution.map { _ in now }), resolved_at),
                updated_at = \(now), completed_at = \(completedAt), version = version + 1
            WHERE id = \(refund.id)
            """
        )
    }

    /// Adds to what was asked for on a day; the row's lock keeps others from passing the limit.
    ///
    /// - Returns: the day's sum with this amount.
    static func addToDay(
        _ amount: Money,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws -> Int64 {
        let day = String(now.rfc3339.prefix(10))
        try transaction.execute(
            """
            INSERT INTO refund_days (day, currency, requested_minor)
            VALUES (\(day), \(amount.currency.rawValue), \(amount.minor))
            ON DUPLICATE KEY UPDATE requested_minor = requested_minor + \(amount.minor)
            """
        )
        let row = try transaction.query(
            """
            SELECT requested_minor FROM refund_days
            WHERE day = \(day) AND currency = \(amount.currency.rawValue)
            """
        ).first
        return try row?.int64("requested_minor") ?? amount.minor
    }

    /// What became of a wish to send a refund.
    enum Turn: Sendable {
        /// The caller sends it; the row as it is now.
        case mine(Refund)
        /// The switch is off, or the payer disputes the payment; it was put off.
        case paused
        /// Somebody else changed it meanwhile.
        case moved
    }

    /// Takes the turn to send a refund: the switch is asked, the try is counted, and others leave
    /// it alone for as long as the lease lasts.
    func takeTurn(
        _ refund: Refund,
        for lease: Duration,
        pausedFor pause: Duration,
        until deadline: Deadline
    ) throws -> Turn {
        let now = clock.now
        let turn: Turn = try database.transaction(class: .write, until: deadline) { transaction in
            if try RefundSwitch.isPaused(in: &transaction)
                || Self.isDisputed(refund, in: &transaction)
            {
                try transaction.execute(
                    """
                    UPDATE refunds SET next_attempt_at = \(now + pause)
                    WHERE id = \(refund.id) AND version = \(refund.version)
                    """
                )
                return .paused
            }
            let changed = try transaction.execute(
                """
                UPDATE refunds SET attempts = attempts + 1, last_error = NULL,
                    first_attempt_at = COALESCE(first_attempt_at, \(now)),
                    next_attempt_at = \(now + lease), updated_at = \(now), version = version + 1
                WHERE id = \(refund.id) AND version = \(refund.version)
                    AND status IN ('requested', 'unknown')
                """
            ).affectedRows
            guard changed == 1, let sent = try Self.locked(id: refund.id, in: &transaction) else {
                return .moved
            }
            CrashPoint.refundTaken.pass(.before)
            return .mine(sent)
        }
        if case .mine = turn { CrashPoint.refundTaken.pass(.after) }
        return turn
    }

    /// Whether the bank has the money, and decides where it goes.
    private static func isDisputed(
        _ refund: Refund,
        in transaction: inout Transaction
    ) throws -> Bool {
        try !transaction.query(
            "SELECT 1 FROM payments WHERE id = \(refund.paymentID) AND status = 'disputed'"
        ).isEmpty
    }

    /// Puts the worker's next look at a refund off, unless it has changed since it was read.
    func putOff(
        _ refund: Refund,
        by delay: Duration,
        because error: String?,
        until deadline: Deadline
    ) throws {
        _ = try database.execute(
            """
            UPDATE refunds SET next_attempt_at = \(clock.now + delay),
                last_error = COALESCE(\(error.map { String($0.prefix(64)) }), last_error)
            WHERE id = \(refund.id) AND version = \(refund.version)
            """,
            until: deadline
        )
    }
}
