package import Commerce
package import MariaDB

/// An order as its row tells, without its lines.
package struct Order: Sendable {
    /// The intent of a path that ends an order; written before anything is undone.
    package enum Closing: String, Sendable, CaseIterable {
        case cancel
        case expire
        case reject
    }

    package let id: Int64
    package let number: String
    package let checkoutSessionID: String
    package let userID: String?
    package let email: String
    /// Where the last attempt to pay that limits counted came from; nil if not known.
    var clientNetwork: ClientNetwork?
    package let paymentMethod: PaymentMethod
    package var status: OrderStatus
    package var paymentStatus: PaymentStatus
    package var closing: Closing?
    package let items: Money
    package let shipping: Money
    package let total: Money
    package let itemCount: Int
    package let fromCache: Bool
    package var requiresVerification: Bool
    package var version: Int64
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    package var visibleAt: Timestamp?
    package var expiresAt: Timestamp?

    /// Whose order it is: the customer's id, or the guest's e-mail address.
    package var customerIdentifier: String { userID ?? email }

    /// Whether money for it is welcome: it waits for it, and is not being closed.
    var mayBePaid: Bool { status == .awaitingPayment && closing == nil }

    /// Whether its deadline has passed: it is unpaid, or a review has approved it and its money was
    /// never captured.
    func isOverdue(at time: Timestamp) -> Bool {
        guard closing == nil, let expiresAt, expiresAt <= time else { return false }
        return status == .awaitingPayment
            || status == .paymentReview && paymentStatus == .authorized
    }

    /// Whether it is being closed, or has been.
    var isEnding: Bool { closing != nil || status.hasEndedUnpaid }
}

extension Order {
    /// The columns that `init(_:)` reads.
    static let columns: SQL = """
        id, number, checkout_session_id, user_id, email, client_address, payment_method, status,
        payment_status, closing, currency, items_minor, shipping_minor, total_minor, item_count, from_cache,
        requires_verification, version, created_at, updated_at, visible_at, expires_at
        """

    init(_ row: Row) throws {
        let currency = try row.word("currency", Currency.init(rawValue:))
        id = try row.int64("id")
        number = try row.string("number")
        checkoutSessionID = try row.string("checkout_session_id")
        userID = try row.optionalString("user_id")
        email = try row.string("email")
        clientNetwork = try row.optionalString("client_address")
            .map(ClientNetwork.init(stored:))
        paymentMethod = try row.word("payment_method", PaymentMethod.init(rawValue:))
        status = try row.word("status", OrderStatus.init(rawValue:))
        paymentStatus = try row.word("payment_status", PaymentStatus.init(rawValue:))
        closing = try row.optionalString("closing").flatMap(Closing.init(rawValue:))
        items = Money(minor: try row.int64("items_minor"), currency)
        shipping = Money(minor: try row.int64("shipping_minor"), currency)
        total = Money(minor: try row.int64("total_minor"), currency)
        itemCount = try row.int("item_count")
        fromCache = try row.bool("from_cache")
        requiresVerification = try row.bool("requires_verification")
        version = try row.int64("version")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
        visibleAt = try row.optionalTimestamp("visible_at")
        expiresAt = try row.optionalTimestamp("expires_at")
    }
}

/// A word in a column that this version of the service does not know.
struct UnknownWord: Error, CustomStringConvertible {
    let column: String
    let word: String

    var description: String { "\(column) is «\(word)», which is unknown" }
}

extension Row {
    /// A column that holds one word of an enumeration.
    func word<Value>(_ column: String, _ make: (String) -> Value?) throws -> Value {
        let text = try string(.name(column))
        guard let value = make(text) else { throw UnknownWord(column: column, word: text) }
        return value
    }
}
