import Commerce
import MariaDB
import Resilience

/// What a look-up shows of an order's payment, and whose order it is; all as it was at one moment.
struct PaymentLookUp: Sendable {
    let order: OrderVersion
    /// The payment that counts: the live one, or else the last; nil if there is none.
    let payment: ShownPayment?
}

/// The part of a payment that is shown, with the attempts to pay.
struct ShownPayment: Sendable {
    let publicID: String
    let status: PaymentStatus
    let amount: Money
    let intentID: String?
    let completedAt: Timestamp?
    let expiresAt: Timestamp?
    /// The first hundred, oldest first.
    let attempts: [PaymentAttempt]
}

/// One try of a customer to pay: a charge at Stripe.
struct PaymentAttempt: Sendable {
    let at: Timestamp
    let declineCode: String?
}

extension PaymentStore {
    private static let mostAttempts = 100

    /// The payment of a visible order; nil if there is no such order.
    func lookUp(ofOrder id: Int64, until deadline: Deadline) throws -> PaymentLookUp? {
        try lookUps(ofOrders: [id], until: deadline).first
    }

    /// The payments of the visible ones among these orders, in no order.
    ///
    /// One statement reads all of it, as each costs a trip. Sorting would cost a third of it: MariaDB
    /// does that only for an order with more rows than are shown.
    func lookUps(ofOrders ids: [Int64], until deadline: Deadline) throws -> [PaymentLookUp] {
        let all: SQL = """
            SELECT \(OrderVersion.columns), p.id AS payment_id,
                p.live_order_id IS NOT NULL AS is_live, p.public_id, p.provider_intent_id, p.status,
                p.amount_minor, p.currency, p.completed_at, p.expires_at, a.id AS attempt_id,
                a.attempted_at, a.decline_code
            FROM orders o
            LEFT JOIN payments p ON p.order_id = o.id AND NOT p.is_void
            LEFT JOIN payment_attempts a ON a.payment_id = p.id
            WHERE o.id IN (\(list: ids)) AND o.visible_at IS NOT NULL
            """
        var rows = try database.query("\(all) LIMIT \(Self.mostAttempts)", until: deadline)
        if rows.count == Self.mostAttempts {
            guard ids.count == 1 else {
                return try ids.flatMap { try lookUps(ofOrders: [$0], until: deadline) }
            }
            rows = try database.query(
                "\(all) ORDER BY is_live DESC, p.id DESC, a.id LIMIT \(Self.mostAttempts)",
                until: deadline
            )
        }
        return try rows.grouped(by: "order_id").map(PaymentLookUp.init)
    }
}

extension PaymentLookUp {
    /// Reads rows of one order, at least one, each with a payment and an attempt at it, in any order.
    fileprivate init(_ rows: [Row]) throws {
        order = try OrderVersion(rows[0])
        var current: (isLive: Bool, id: Int64)?
        var ofCurrent: [Row] = []
        for row in rows {
            guard let id = try row.optionalInt64("payment_id") else { break }
            let place = (isLive: try row.bool("is_live"), id: id)
            if let known = current, known.id != id {
                // The live one counts, and of others the last.
                guard place.isLive == known.isLive ? id > known.id : place.isLive else { continue }
                ofCurrent = []
            }
            current = place
            ofCurrent.append(row)
        }
        payment = try ofCurrent.first.map { try ShownPayment($0, attempts: ofCurrent) }
    }
}

extension ShownPayment {
    fileprivate init(_ row: Row, attempts rows: [Row]) throws {
        publicID = try row.string("public_id")
        status = try row.word("status", PaymentStatus.init(rawValue:))
        amount = Money(
            minor: try row.int64("amount_minor"),
            try row.word("currency", Currency.init(rawValue:))
        )
        intentID = try row.optionalString("provider_intent_id")
        completedAt = try row.optionalTimestamp("completed_at")
        expiresAt = try row.optionalTimestamp("expires_at")
        attempts = try rows.compactMap { row -> (id: Int64, attempt: PaymentAttempt)? in
            guard let id = try row.optionalInt64("attempt_id") else { return nil }
            let attempt = PaymentAttempt(
                at: try row.timestamp("attempted_at"),
                declineCode: try row.optionalString("decline_code")
            )
            return (id, attempt)
        }.sorted { $0.id < $1.id }.map(\.attempt)
    }
}
