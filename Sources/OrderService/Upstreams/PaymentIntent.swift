import Commerce
import Web

/// A PaymentIntent of Stripe, as much of it as decides anything here.
struct PaymentIntent: Sendable {
    /// The states of Stripe's own list.
    enum Status: String, Sendable {
        case requiresPaymentMethod = "requires_payment_method"
        case requiresConfirmation = "requires_confirmation"
        case requiresAction = "requires_action"
        case processing
        case requiresCapture = "requires_capture"
        case succeeded
        case canceled

        /// Whether Stripe never leaves this state, so that even a late reading of it is true.
        var isFinal: Bool { self == .succeeded || self == .canceled }

        /// What it tells of a payment.
        var event: PaymentEvent {
            switch self {
            case .requiresPaymentMethod, .requiresConfirmation: .requireMethod
            case .requiresAction: .requireAction
            case .processing: .process
            case .requiresCapture: .authorize
            case .succeeded: .pay
            case .canceled: .cancel
            }
        }
    }

    let id: String
    let status: Status
    let amount: Money
    let amountReceived: Money
    let clientSecret: String?
    /// Our order and payment, from the metadata; nil on intents of others.
    let orderID: Int64?
    let paymentID: String?
    let latestChargeID: String?
    /// The same charge as an object, where the reading asked for it.
    let charge: ChargeFacts?
    /// The charge of the last refused attempt, with the reason.
    let lastDecline: Decline?

    struct Decline: Sendable {
        let chargeID: String
        let code: String
        /// Stripe's name for the card.
        let cardFingerprint: String?
    }

    /// Reads Stripe's object; nil if it is not one.
    init?(_ json: JSON) {
        guard json["object"]?.string == "payment_intent", let id = json["id"]?.string,
            let status = json["status"]?.string.flatMap(Status.init(rawValue:)),
            let amount = json["amount"]?.integer,
            let currency = json["currency"]?.string.map({ $0.uppercased() })
                .flatMap(Currency.init(rawValue:))
        else { return nil }
        self.id = id
        self.status = status
        self.amount = Money(minor: amount, currency)
        amountReceived = Money(minor: json["amount_received"]?.integer ?? 0, currency)
        clientSecret = json["client_secret"]?.string
        orderID = json["metadata"]?["order_id"]?.string.flatMap { Int64($0) }
        paymentID = json["metadata"]?["payment_id"]?.string
        latestChargeID = json["latest_charge"]?.string ?? json["latest_charge"]?["id"]?.string
        charge = ChargeFacts(json["latest_charge"])
        if let error = json["last_payment_error"], let charge = error["charge"]?.string {
            let code = error["decline_code"]?.string ?? error["code"]?.string
            let fingerprint = error["payment_method"]?["card"]?["fingerprint"]?.string
            lastDecline = Decline(
                chargeID: charge,
                code: code ?? "declined",
                cardFingerprint: fingerprint.flatMap { ChargeFacts.word($0, upTo: 64) }
            )
        } else {
            lastDecline = nil
        }
    }
}
