import Commerce
import MariaDB
import Resilience
import Signing

/// The payments' rows and their attempts, all SQL of theirs.
struct PaymentStore: Sendable {
    let database: Database

    /// A new payment; its key for Stripe is written here, before any call.
    ///
    /// `follows` names the payment of the order that was closed unpaid before it; `attempts` are the
    /// tries that Stripe did not answer under the keys before this one.
    static func insert(
        orderID: Int64,
        follows: String? = nil,
        attempts: Int = 0,
        amount: Money,
        method: PaymentMethod,
        isManual: Bool = false,
        now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let publicID = "pay_" + Base64URL.encode(SecureRandom.bytes(16))
        let isCard = method == .card
        let capture = isCard ? isManual ? "manual" : "automatic" : "none"
        try transaction.execute(
            """
            INSERT INTO payments (public_id, order_id, follows_public_id, provider_key,
                capture_method, status, amount_minor, currency, attempts, created_at, updated_at)
            VALUES (\(publicID), \(orderID), \(follows), \(isCard ? "create-\(publicID)" : nil),
                \(capture), \(PaymentStatus(first: method).rawValue),
                \(amount.minor), \(amount.currency.rawValue), \(attempts), \(now), \(now))
            """
        )
    }

    /// The payment that counts: the live one, or else the last; nil if there is none.
    func current(of orderID: Int64, until deadline: Deadline) throws -> Payment? {
        try database.query(Self.currentQuery(orderID), until: deadline).first.map(Payment.init)
    }

    /// The payment of an intent; nil if it is not of ours, or not known yet.
    func find(intentID: String, until deadline: Deadline) throws -> Payment? {
        try database.query(
            "SELECT \(Payment.columns) FROM payments WHERE provider_intent_id = \(intentID)",
            until: deadline
        ).first.map(Payment.init)
    }

    func find(id: Int64, until deadline: Deadline) throws -> Payment? {
        try database.query(
            "SELECT \(Payment.columns) FROM payments WHERE id = \(id)",
            until: deadline
        ).first.map(Payment.init)
    }

    /// The same within a change of its order, locked after the order.
    static func locked(
        of orderID: Int64,
        in transaction: inout Transaction
    ) throws -> Payment? {
        try transaction.query("\(currentQuery(orderID)) FOR UPDATE").first.map(Payment.init)
    }

    /// One payment within a change of its order, locked after the order.
    static func locked(id: Int64, in transaction: inout Transaction) throws -> Payment? {
        try transaction.query(
            "SELECT \(Payment.columns) FROM payments WHERE id = \(id) FOR UPDATE"
        ).first.map(Payment.init)
    }

    /// Any payment of an order, by its public id, locked after the order.
    static func locked(
        publicID: String,
        of orderID: Int64,
        in transaction: inout Transaction
    ) throws -> Payment? {
        try transaction.query(
            """
            SELECT \(Payment.columns) FROM payments
            WHERE public_id = \(publicID) AND order_id = \(orderID) FOR UPDATE
            """
        ).first.map(Payment.init)
    }

    /// The payments of an order that were given up and whose intents can be paid, or hold money.
    func openGivenUp(of orderID: Int64, until deadline: Deadline) throws -> [Payment] {
        try database.query(
            """
            SELECT \(Payment.columns) FROM payments
            WHERE order_id = \(orderID) AND is_void AND provider_intent_id IS NOT NULL
            """,
            until: deadline
        ).map(Payment.init).filter { $0.status.isPayable || $0.status == .authorized }
    }

    private static func currentQuery(_ orderID: Int64) -> SQL {
        """
        SELECT \(Payment.columns) FROM payments WHERE order_id = \(orderID) AND NOT is_void
        ORDER BY live_order_id IS NULL, id DESC LIMIT 1
        """
    }

    /// Writes what is now known of a payment and bumps its version.
    ///
    /// - Returns: the payment as it is then.
    @discardableResult
    static func update(
        _ payment: Payment,
        status: PaymentStatus,
        intentID: String?,
        captured: Money,
        reviewReason: String?,
        expiresAt: Timestamp?,
        now: Timestamp,
        in transaction: inout Transaction
    ) throws -> Payment {
        let written = payment.written(
            status: status,
            intentID: intentID,
            captured: captured,
            reviewReason: reviewReason,
            expiresAt: expiresAt,
            now: now
        )
        try transaction.execute(
            """
            UPDATE payments SET status = \(written.status.rawValue),
                provider_intent_id = \(written.intentID),
                captured_minor = \(written.captured.minor),
                review_reason = \(written.reviewReason), expires_at = \(written.expiresAt),
                completed_at = \(written.completedAt), updated_at = \(now),
                version = version + 1
            WHERE id = \(payment.id)
            """
        )
        return written
    }

    /// Lets a payment that has no intent yet be authorized only, to be captured later.
    static func holdBack(orderID: Int64, in transaction: inout Transaction) throws {
        try transaction.execute(
            """
            UPDATE payments SET capture_method = 'manual'
            WHERE order_id = \(orderID) AND capture_method = 'automatic'
                AND provider_intent_id IS NULL
            """
        )
    }

    /// Flags a payment for somebody to look at.
    static func flag(
        _ payment: Payment,
        _ reason: String,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE payments SET review_reason = \(reason), updated_at = \(now),
                version = version + 1
            WHERE id = \(payment.id)
            """
        )
    }

    /// Writes what refunds have taken of a payment, and what they have given back.
    ///
    /// The table's CHECK refuses more than was captured.
    static func setRefunds(
        of payment: Payment,
        reserved: Money,
        refunded: Money,
        status: PaymentStatus,
        reviewReason: String?,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE payments SET refund_reserved_minor = \(reserved.minor),
                refunded_minor = \(refunded.minor), status = \(status.rawValue),
                review_reason = \(reviewReason), updated_at = \(now), version = version + 1
            WHERE id = \(payment.id)
            """
        )
    }

    /// Gives a payment up whose intent was never known; should it be met, it is void on sight.
    static func void(
        _ payment: Payment,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE payments SET is_void = TRUE, updated_at = \(now), version = version + 1
            WHERE id = \(payment.id) AND provider_intent_id IS NULL
            """
        )
    }

    /// Whether a locked payment has been given up.
    static func isVoid(_ payment: Payment, in transaction: inout Transaction) throws -> Bool {
        try !transaction.query(
            "SELECT 1 FROM payments WHERE id = \(payment.id) AND is_void"
        ).isEmpty
    }

    /// Notes a try to create the intent that Stripe did not answer.
    static func noteFailedStart(
        of payment: Payment,
        expiresAt: Timestamp,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE payments SET attempts = attempts + 1, expires_at = \(expiresAt), updated_at = \(now),
                version = version + 1
            WHERE id = \(payment.id)
            """
        )
    }

    /// Notes one attempt; a charge is noted once, and a failure never overwrites a success.
    ///
    /// What Stripe tells of the charge, and of its card, is kept as soon as it is known.
    ///
    /// - Returns: whether it was not known before.
    @discardableResult
    static func note(
        _ chargeID: String,
        of payment: Payment,
        succeeded: Bool,
        declineCode: String?,
        facts: ChargeFacts? = nil,
        cardFingerprint: String? = nil,
        at time: Timestamp,
        in transaction: inout Transaction
    ) throws -> Bool {
        let facts = facts?.id == chargeID ? facts : nil
        // One row is affected by an insertion, two by an update, none by a repeat.
        return try transaction.execute(
            """
            INSERT INTO payment_attempts (payment_id, charge_id, status, amount_minor, currency,
                decline_code, outcome, card_fingerprint, card_country, attempted_at)
            VALUES (\(payment.id), \(chargeID), \(succeeded ? "succeeded" : "failed"),
                \(payment.amount.minor), \(payment.amount.currency.rawValue), \(declineCode),
                \(facts?.outcome), \(facts?.cardFingerprint ?? cardFingerprint),
                \(facts?.cardCountry), \(time))
            ON DUPLICATE KEY UPDATE
                status = IF(status = 'succeeded', status, VALUES(status)),
                decline_code = COALESCE(decline_code, VALUES(decline_code)),
                outcome = COALESCE(outcome, VALUES(outcome)),
                card_fingerprint = COALESCE(card_fingerprint, VALUES(card_fingerprint)),
                card_country = COALESCE(card_country, VALUES(card_country))
            """
        ).affectedRows == 1
    }
}
