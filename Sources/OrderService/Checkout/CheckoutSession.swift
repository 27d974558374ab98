import Commerce
import MariaDB
import Signing

/// A priced snapshot that a customer or guest is completing.
struct CheckoutSession: Sendable {
    static let tokenPrefix = "cs_"

    enum Owner: Sendable, Hashable {
        case customer(String)
        /// A guest, known by the SHA-256 of the session's token.
        case guest(Digest)
    }

    struct Contact: Sendable, Hashable {
        var name: String?
        var email: String?
        var phone: String?
    }

    struct Billing: Sendable, Hashable {
        var name: String
        var company: String?
        var cui: String?
        /// Of a company: its number in the trade register.
        var tradeRegister: String?
        /// Of a consumer who gives it: the personal number.
        var cnp: String?
        var address: Address
    }

    struct Shipping: Sendable, Hashable {
        var address: Address?
        var method: String?
    }

    let id: String
    let owner: Owner
    var contact: Contact
    var billing: Billing?
    var shipping: Shipping
    var lines: [Line]
    /// The cart that the lines came from; nil for a guest's own items.
    var cart: CartReference?
    /// Whether the cart came from our cache, because user-service did not answer.
    var fromCache: Bool
    var requiresVerification: Bool
    var version: Int64
    let createdAt: Timestamp
    var expiresAt: Timestamp
    let closesAt: Timestamp

    struct CartReference: Sendable, Hashable {
        let id: String
        let version: Int64
    }

    /// The sums with the method of shipping that was chosen.
    func totals(_ methods: ShippingMethods) throws(Money.Failure) -> Totals {
        try Totals(
            lines: lines,
            shipping: shipping.method.flatMap { methods[$0] },
            currency: lines.first?.unitPrice.currency ?? .ron
        )
    }
}
