import Web

/// Whose attempts to pay the limits count together.
struct Payer: Sendable, Hashable {
    /// The customer's id, or a guest's e-mail address in one spelling.
    let customer: String

    /// Nil where it is not known.
    let network: ClientNetwork?

    init(customer: String, network: ClientNetwork?) {
        self.customer = customer
        self.network = network
    }

    init(userID: String?, email: String, network: ClientNetwork?) {
        self.init(customer: userID ?? email.trimmed.lowercased(), network: network)
    }

    /// The payer of an order, at the address that a request for it comes from.
    init(_ order: Order, in context: Context) {
        self.init(
            userID: order.userID,
            email: order.email,
            network: ClientNetwork(address: context.request.remoteAddress)
        )
    }

    /// The payer of an order, at the address of the order's last attempt.
    init(_ order: Order) {
        self.init(userID: order.userID, email: order.email, network: order.clientNetwork)
    }
}

/// One attempt to pay as the limits count it: a completion, a payment after a closed one, or a
/// declined charge.
///
/// Its name is that of the thing it is for, so that every repeat, under any idempotency key and by
/// any process, is the same attempt.
struct LimitedAttempt: Sendable, Hashable {
    let member: String
    let payer: Payer

    /// The completion of a checkout session, which makes one order at most.
    static func completion(of sessionID: String, by payer: Payer) -> LimitedAttempt {
        LimitedAttempt(member: "complete:\(sessionID)", payer: payer)
    }

    /// The payment that follows a closed one; there is only one, whatever row it ends up in.
    static func payment(after closedPublicID: String, by payer: Payer) -> LimitedAttempt {
        LimitedAttempt(member: "payment:\(closedPublicID)", payer: payer)
    }

    /// A charge that was declined.
    static func decline(of chargeID: String, by payer: Payer) -> LimitedAttempt {
        LimitedAttempt(member: "decline:\(chargeID)", payer: payer)
    }

    /// The attempt that an order's payment was counted as.
    static func of(_ payment: Payment, _ order: Order) -> LimitedAttempt {
        let payer = Payer(order)
        guard let closed = payment.follows else {
            return completion(of: order.checkoutSessionID, by: payer)
        }
        return self.payment(after: closed, by: payer)
    }
}
