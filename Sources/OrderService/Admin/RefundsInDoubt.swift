import Commerce
import MariaDB
import Resilience
import Web

/// Refunds of which nobody knows whether Stripe has carried them out.
extension InDoubtStore {
    struct Refund: Sendable {
        let id: Int64
        let publicID: String
        let paymentPublicID: String
        let orderID: Int64
        let orderNumber: String
        let attempts: Int
        let amount: Money
        let lastError: String?
        let intentID: String?
        let createdAt: Timestamp
        let updatedAt: Timestamp
    }

    /// Refunds in doubt, oldest first; those alone that come after `last`.
    func refunds(after last: Int64, limit: Int, until deadline: Deadline) throws -> [Refund] {
        try database.query(
            """
            SELECT r.id, r.public_id, p.public_id AS payment_public_id, r.order_id, o.number,
                r.attempts, r.amount_minor, r.currency, r.last_error, p.provider_intent_id,
                r.created_at, r.updated_at
            FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN orders o ON o.id = r.order_id
            WHERE r.status = 'unknown' AND r.id > \(last) ORDER BY r.id LIMIT \(limit)
            """,
            until: deadline
        ).map(Refund.init)
    }

    /// How much of what is on its way back is in doubt, for each currency.
    func refundSums(until deadline: Deadline) throws -> [(amount: Money, oldest: Timestamp)] {
        try database.query(
            """
            SELECT currency, MIN(created_at) AS oldest,
                CAST(SUM(amount_minor) AS SIGNED) AS amount_minor
            FROM refunds WHERE status = 'unknown' GROUP BY currency
            """,
            until: deadline
        ).map { (try $0.money("amount_minor"), try $0.timestamp("oldest")) }
    }
}

extension InDoubtStore.Refund {
    fileprivate init(_ row: Row) throws {
        id = try row.int64("id")
        publicID = try row.string("public_id")
        paymentPublicID = try row.string("payment_public_id")
        orderID = try row.int64("order_id")
        orderNumber = try row.string("number")
        attempts = try row.int("attempts")
        amount = try row.money("amount_minor")
        lastError = try row.optionalString("last_error")
        intentID = try row.optionalString("provider_intent_id")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
    }
}

/// One entry of the list of money in doubt: the payments come first, then the refunds.
enum MoneyInDoubt: Sendable {
    case payment(InDoubtStore.Item)
    case refund(InDoubtStore.Refund)

    /// Where a page goes on after this entry: a payment's id, or `r` and a refund's.
    var cursor: String {
        switch self {
        case .payment(let item): "\(item.id)"
        case .refund(let item): "r\(item.id)"
        }
    }

    func json(at now: Timestamp) -> JSON {
        switch self {
        case .payment(let item): InDoubtRepresentation.payment(item, at: now)
        case .refund(let item): InDoubtRepresentation.refund(item, at: now)
        }
    }
}

extension InDoubtStore {
    /// One page of all money in doubt, and one entry more where the list goes on.
    func money(
        after place: MoneyPlace,
        limit: Int,
        until deadline: Deadline
    ) throws -> [MoneyInDoubt] {
        var found: [MoneyInDoubt] = []
        var lastRefund: Int64 = 0
        switch place {
        case .payment(let last):
            found = try payments(after: last, limit: limit, until: deadline)
                .map(MoneyInDoubt.payment)
        case .refund(let last):
            lastRefund = last
        }
        guard found.count < limit else { return found }
        return try found
            + refunds(after: lastRefund, limit: limit - found.count, until: deadline)
            .map(MoneyInDoubt.refund)
    }
}

/// Where a page of money in doubt begins: after a payment, or after a refund.
enum MoneyPlace {
    case payment(Int64)
    case refund(Int64)

    /// Reads a cursor; nil is the list's beginning.
    init(cursor: String?) throws(Problem) {
        guard let cursor else {
            self = .payment(0)
            return
        }
        let isRefund = cursor.first == "r"
        guard let id = Int64(isRefund ? cursor.dropFirst() : cursor[...]), id > 0 else {
            throw .invalid(
                .badRequest,
                pointer: "?cursor",
                code: "format",
                detail: "cursor must be a nextCursor of this list."
            )
        }
        self = isRefund ? .refund(id) : .payment(id)
    }
}
