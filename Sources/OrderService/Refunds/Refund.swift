import Commerce
import MariaDB

/// A refund as its row tells.
struct Refund: Sendable {
    let id: Int64
    let publicID: String
    let orderID: Int64
    let paymentID: Int64
    let amount: Money
    let reason: String
    let status: RefundStatus
    /// The provider's id; nil until it is known.
    let providerID: String?
    /// The provider's idempotency key for its creation; nil for one that was made there.
    let key: String?
    let requestedBy: String
    /// Calls to create it.
    let attempts: Int
    /// Since when its key is in use at the provider.
    let firstAttemptAt: Timestamp?
    /// When the worker looks at it again; nil if nothing is left to do.
    let nextAttemptAt: Timestamp?
    /// Why the last call brought nothing, in a bounded word; nil while one is under way.
    let lastError: String?
    let failureReason: String?
    let reviewReason: String?
    let evidence: String?
    let resolvedBy: String?
    let resolvedAt: Timestamp?
    let version: Int64
    let createdAt: Timestamp
    let updatedAt: Timestamp
    let completedAt: Timestamp?
}

extension Refund {
    /// The columns that `init(_:)` reads.
    static let columns: SQL = """
        id, public_id, order_id, payment_id, amount_minor, currency, reason, status,
        provider_refund_id, provider_key, requested_by, attempts, first_attempt_at,
        next_attempt_at, last_error, failure_reason, review_reason, evidence, resolved_by,
        resolved_at, version, created_at, updated_at, completed_at
        """

    init(_ row: Row) throws {
        let currency = try row.word("currency", Currency.init(rawValue:))
        id = try row.int64("id")
        publicID = try row.string("public_id")
        orderID = try row.int64("order_id")
        paymentID = try row.int64("payment_id")
        amount = Money(minor: try row.int64("amount_minor"), currency)
        reason = try row.string("reason")
        status = try row.word("status", RefundStatus.init(rawValue:))
        providerID = try row.optionalString("provider_refund_id")
        key = try row.optionalString("provider_key")
        requestedBy = try row.string("requested_by")
        attempts = try row.int("attempts")
        firstAttemptAt = try row.optionalTimestamp("first_attempt_at")
        nextAttemptAt = try row.optionalTimestamp("next_attempt_at")
        lastError = try row.optionalString("last_error")
        failureReason = try row.optionalString("failure_reason")
        reviewReason = try row.optionalString("review_reason")
        evidence = try row.optionalString("evidence")
        resolvedBy = try row.optionalString("resolved_by")
        resolvedAt = try row.optionalTimestamp("resolved_at")
        version = try row.int64("version")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
        completedAt = try row.optionalTimestamp("completed_at")
    }
}

/// A part of an order's line that goes back with a refund.
struct RefundLine: Sendable, Equatable {
    /// The order's line, from 1.
    let position: Int
    let quantity: Int
    let amount: Money
}
