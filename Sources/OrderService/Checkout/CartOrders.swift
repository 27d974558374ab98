import MariaDB
import Resilience
import Web

/// Which orders customers' carts have become: a cart is bought once, though two tabs complete it.
///
/// A cart is known by its version too, so a customer who fills it again buys again at once. An
/// order that ended without being bought gives its cart free.
struct CartOrders: Sendable {
    let database: Database
    let clock: WallClock

    /// How long a cart stays bought if user-service never empties it.
    static let life = Duration.seconds(24 * 3_600)

    /// The cart of a session has become another order already.
    struct Taken: Error {
        let order: Order
    }

    /// The order that a session's cart has become and that stands; nil if it may become one.
    ///
    /// - Throws: `MariaDBError`.
    func find(_ session: CheckoutSession, until deadline: Deadline) throws -> Order? {
        guard let cart = session.cart, case .customer(let userID) = session.owner else {
            return nil
        }
        return try database.query(Self.select(cart, of: userID, at: clock.now), until: deadline)
            .first.map(Order.init).flatMap { $0.isEnding ? nil : $0 }
    }

    /// Makes sure that a session's cart may become an order now.
    ///
    /// The caller holds the customer's row, so the next completion of the cart waits until this
    /// one's order is there.
    ///
    /// - Throws: `Taken` with the order that the cart has become; a `Problem` with 503 while that
    ///   order expires, because it may turn out to be paid; `MariaDBError`.
    static func checkFree(
        _ cart: CheckoutSession.CartReference,
        of userID: String,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let row = try transaction.query(select(cart, of: userID, at: now)).first
        guard let order = try row.map(Order.init) else { return }
        if order.closing == .expire { throw Problem.overloaded(retryAfter: 1) }
        if !order.isEnding { throw Taken(order: order) }
    }

    private static func select(
        _ cart: CheckoutSession.CartReference,
        of userID: String,
        at now: Timestamp
    ) -> SQL {
        """
        SELECT \(Order.columns) FROM orders WHERE id = (
            SELECT order_id FROM cart_orders
            WHERE user_id = \(userID) AND cart_id = \(cart.id)
                AND cart_version = \(cart.version) AND ordered_at > \(now - life))
        """
    }

    /// Notes the order that a cart becomes.
    static func note(
        _ cart: CheckoutSession.CartReference,
        of userID: String,
        as orderID: Int64,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO cart_orders (user_id, cart_id, cart_version, order_id, ordered_at)
            VALUES (\(userID), \(cart.id), \(cart.version), \(orderID), \(now))
            ON DUPLICATE KEY UPDATE order_id = VALUES(order_id), ordered_at = VALUES(ordered_at)
            """
        )
    }
}
