import MariaDB
package import Resilience
package import Web

/// Tells why an order was let through or held, for `orderd fraud explain`.
package struct FraudExplanation: Sendable {
    let decisions: FraudStore
    let reviews: FraudReviewStore
    let clock: WallClock

    /// All decisions about an order with their inputs, and its reviews.
    ///
    /// - Parameters:
    ///   - order: its id or its number.
    ///   - deadline: for all of it.
    /// - Returns: nil if there is no such order.
    /// - Throws: `MariaDBError`.
    package func explain(_ order: String, until deadline: Deadline) throws -> JSON? {
        let row = try decisions.database.query(
            """
            SELECT id, number, status, payment_status FROM orders
            WHERE id = \(Int64(order) ?? 0) OR number = \(order) LIMIT 1
            """,
            until: deadline
        ).first
        guard let row else { return nil }
        let id = try row.int64("id")
        let made = try decisions.decisions(about: [id], until: deadline)
        let now = clock.now
        return [
            "orderId": .integer(id),
            "orderNumber": .string(try row.string("number")),
            "orderStatus": .string(try row.string("status")),
            "paymentStatus": .string(try row.string("payment_status")),
            "decisions": .array(
                made.map { FraudRepresentation.decision($0, isWhole: true) }
            ),
            "reviews": .array(
                try reviews.reviews(of: id, until: deadline).map {
                    FraudRepresentation.review($0, [], at: now)
                }
            ),
        ]
    }
}
