import Commerce
import MariaDB

/// A payment as its row tells: one PaymentIntent, or cash on delivery.
struct Payment: Sendable {
    let id: Int64
    let publicID: String
    /// The public id of the order's payment that was closed before this one; nil for the first.
    let follows: String?
    let orderID: Int64
    fileprivate(set) var intentID: String?
    /// Stripe's idempotency key for the intent's creation.
    let key: String?
    let captureMethod: String
    fileprivate(set) var status: PaymentStatus
    let amount: Money
    fileprivate(set) var captured: Money
    /// What refunds have taken of it, those that are still under way included.
    let refundReserved: Money
    /// What has been given back.
    let refunded: Money
    fileprivate(set) var reviewReason: String?
    /// Tries to create the intent that Stripe did not answer.
    let attempts: Int
    fileprivate(set) var version: Int64
    let createdAt: Timestamp
    fileprivate(set) var completedAt: Timestamp?
    fileprivate(set) var expiresAt: Timestamp?
}

extension Payment {
    /// The columns that `init(_:)` reads.
    static let columns: SQL = """
        id, public_id, order_id, provider_intent_id, provider_key, capture_method, status,
        amount_minor, captured_minor, refund_reserved_minor, refunded_minor, currency,
        review_reason, attempts, version, created_at, completed_at, expires_at,
        follows_public_id
        """

    init(_ row: Row) throws {
        let currency = try row.word("currency", Currency.init(rawValue:))
        id = try row.int64("id")
        publicID = try row.string("public_id")
        follows = try row.optionalString("follows_public_id")
        orderID = try row.int64("order_id")
        intentID = try row.optionalString("provider_intent_id")
        key = try row.optionalString("provider_key")
        captureMethod = try row.string("capture_method")
        status = try row.word("status", PaymentStatus.init(rawValue:))
        amount = Money(minor: try row.int64("amount_minor"), currency)
        captured = Money(minor: try row.int64("captured_minor"), currency)
        refundReserved = Money(minor: try row.int64("refund_reserved_minor"), currency)
        refunded = Money(minor: try row.int64("refunded_minor"), currency)
        reviewReason = try row.optionalString("review_reason")
        attempts = try row.int("attempts")
        version = try row.int64("version")
        createdAt = try row.timestamp("created_at")
        completedAt = try row.optionalTimestamp("completed_at")
        expiresAt = try row.optionalTimestamp("expires_at")
    }
}

extension Payment {
    /// The payment as its row is once these values are written.
    func written(
        status: PaymentStatus,
        intentID: String?,
        captured: Money,
        reviewReason: String?,
        expiresAt: Timestamp?,
        now: Timestamp
    ) -> Payment {
        var payment = self
        payment.status = status
        payment.intentID = intentID
        payment.captured = captured
        payment.reviewReason = reviewReason
        payment.expiresAt = expiresAt
        payment.completedAt = completedAt ?? (status.isSettled ? now : nil)
        payment.version += 1
        return payment
    }

    /// What it is after its intent has reported `event`.
    ///
    /// - Throws: `IllegalTransition` where the report is late, repeated, or of no intent of ours.
    func status(
        after event: PaymentEvent
    ) throws(IllegalTransition<PaymentStatus>) -> PaymentStatus {
        // The first intent of a payment is news whatever else has happened to the row.
        try (intentID == nil ? status.after(.meetIntent) : status).after(event)
    }
}
