import MariaDB

/// Which version of which order the record has told of.
struct OrderVersion: Sendable {
    let id: Int64
    /// The order's customer; nil of a guest's.
    let userID: String?
    let version: Int64
    /// The time of the change that made it.
    let updatedAt: Timestamp
}

extension OrderVersion {
    init(_ order: Order) { self.init(order.summary) }

    init(_ order: OrderSummary) {
        self.init(
            id: order.id,
            userID: order.userID,
            version: order.version,
            updatedAt: order.updatedAt
        )
    }

    /// The columns of an order `o` that `init(_:)` reads beside what belongs to it.
    static let columns: SQL = """
        o.id AS order_id, o.user_id, o.version AS order_version, o.updated_at
        """

    init(_ row: Row) throws {
        id = try row.int64("order_id")
        userID = try row.optionalString("user_id")
        version = try row.int64("order_version")
        updatedAt = try row.timestamp("updated_at")
    }
}
