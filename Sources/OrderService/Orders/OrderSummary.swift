import Commerce
import MariaDB

/// What lists show of an order: a part of its row.
struct OrderSummary: Sendable {
    let id: Int64
    let number: String
    let status: OrderStatus
    let paymentStatus: PaymentStatus
    let total: Money
    let itemCount: Int
    /// The customer's id; nil of a guest's order.
    let userID: String?
    /// Whose order it is: the customer's id, or the guest's e-mail address.
    let customerIdentifier: String
    let version: Int64
    let createdAt: Timestamp
    let updatedAt: Timestamp
}

extension OrderSummary {
    /// The columns that `init(_:)` reads.
    static let columns: SQL = """
        orders.id, orders.number, orders.status, orders.payment_status, orders.currency,
        orders.total_minor, orders.item_count, orders.user_id,
        COALESCE(orders.user_id, orders.email) AS customer, orders.version, orders.created_at, orders.updated_at
        """

    init(_ row: Row) throws {
        id = try row.int64("id")
        number = try row.string("number")
        status = try row.word("status", OrderStatus.init(rawValue:))
        paymentStatus = try row.word("payment_status", PaymentStatus.init(rawValue:))
        total = Money(
            minor: try row.int64("total_minor"),
            try row.word("currency", Currency.init(rawValue:))
        )
        itemCount = try row.int("item_count")
        userID = try row.optionalString("user_id")
        customerIdentifier = try row.string("customer")
        version = try row.int64("version")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
    }
}

extension Order {
    var summary: OrderSummary {
        OrderSummary(
            id: id,
            number: number,
            status: status,
            paymentStatus: paymentStatus,
            total: total,
            itemCount: itemCount,
            userID: userID,
            customerIdentifier: customerIdentifier,
            version: version,
            createdAt: createdAt,
            updatedAt: updatedAt
        )
    }
}
