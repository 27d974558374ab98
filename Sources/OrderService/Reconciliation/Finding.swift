import Commerce
import MariaDB
package import Web

/// One place where our books and those of Stripe or product-service differ, and have had the time
/// to agree.
package struct Finding: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Stripe has money, and no order that stands is bought with it.
        case chargeWithoutOrder = "charge_without_order"
        /// Stripe has the money of a payment that is unpaid to us.
        case chargeUnsettled = "charge_unsettled"
        /// We say paid, Stripe does not.
        case paymentWithoutCharge = "payment_without_charge"
        /// Nothing is paid on either side, and Stripe knows more than we do.
        case paymentOutdated = "payment_outdated"
        case amountDiffers = "amount_differs"
        case currencyDiffers = "currency_differs"
        /// A second intent of an order has taken money.
        case secondCharge = "second_charge"
        case openIntentOfEndedOrder = "open_intent_of_ended_order"
        /// An intent that was given up here can be paid, or was.
        case voidIntentAlive = "void_intent_alive"
        /// An open intent names an order or a payment of ours that does not know it.
        case strayOpenIntent = "stray_open_intent"
        case refundUnknownToUs = "refund_unknown_to_us"
        case refundUnknownToStripe = "refund_unknown_to_stripe"
        case refundDiffers = "refund_differs"
        case refundInDoubt = "refund_in_doubt"
        case paymentInDoubt = "payment_in_doubt"
        /// Stock is taken at product-service for nothing that stands here.
        case reservationLeaked = "reservation_leaked"
        /// Stock that we count on is not taken there.
        case reservationMissing = "reservation_missing"
        /// Both have it, in states that do not fit.
        case reservationDiffers = "reservation_differs"
        /// A card order that is going out has no money.
        case orderWithoutPayment = "order_without_payment"
        /// Its payment deadline has passed, or its closing has begun, and nothing happens.
        case stuck
    }

    /// What the finding is about, on the other side where there is something.
    enum Subject: Sendable, Equatable {
        case intent(String)
        case payment(String)
        case refund(String)
        case reservation(String)
        case order(Int64)

        var member: (name: String, value: JSON) {
            switch self {
            case .intent(let id): ("intentId", .string(id))
            case .payment(let id): ("paymentId", .string(id))
            case .refund(let id): ("refundId", .string(id))
            case .reservation(let key): ("reservationKey", .string(key))
            case .order(let id): ("orderId", .integer(id))
            }
        }

        var text: String {
            switch self {
            case .intent(let text), .payment(let text), .refund(let text),
                .reservation(let text):
                text
            case .order(let id): "order \(id)"
            }
        }
    }

    /// What one side says.
    struct Figure: Sendable, Equatable {
        let status: String
        var amount: Money?

        static let nothing = Figure(status: "none")

        var text: String {
            guard let amount else { return status }
            return "\(status) \(amount.minor) \(amount.currency.rawValue)"
        }

        var json: JSON { ["status": .string(status), "amount": amount?.json ?? .null] }
    }

    /// What became of a finding in the run that found it.
    package enum Outcome: String, Sendable {
        /// Nothing was done.
        case open
        /// Its fix was made, and both sides agree.
        case fixed
        /// Its fix was made, and the worker or somebody goes on.
        case begun
        /// Its fix could not be made.
        case failed
    }

    package let kind: Kind
    package let orderID: Int64?
    package let orderNumber: String?
    /// Whether it is of demo data, of which no other side has ever heard.
    let isOfDemo: Bool
    let subject: Subject
    let ours: Figure
    let theirs: Figure
    /// What can be done without anybody's judgement; nil if nothing.
    let fix: ReconciliationFix?
    package internal(set) var outcome = Outcome.open

    init(
        _ kind: Kind,
        of order: Order? = nil,
        _ subject: Subject,
        ours: Figure,
        theirs: Figure,
        fix: ReconciliationFix? = nil
    ) {
        self.kind = kind
        orderID = order?.id
        orderNumber = order?.number
        isOfDemo = order?.checkoutSessionID.hasPrefix(SeedOrder.sessionPrefix) ?? false
        self.subject = subject
        self.ours = ours
        self.theirs = theirs
        self.fix = fix
    }

    /// What makes two findings the same one.
    var identity: String { "\(kind.rawValue) \(subject.text)" }

    /// A line's cells, in the order of `columns`.
    package var cells: [String] {
        [
            kind.rawValue, orderID.map { "\($0)" } ?? "-", orderNumber ?? "-", subject.text,
            ours.text, theirs.text, outcome.rawValue, fix?.word ?? "-", hint,
        ]
    }

    package static let columns = [
        "KIND", "ORDER", "NUMBER", "SUBJECT", "OURS", "THEIRS", "OUTCOME", "FIX", "WHAT TO DO",
    ]

    package var json: JSON {
        var members: [(name: String, value: JSON)] = [
            ("kind", .string(kind.rawValue)), ("orderId", JSON(orderID)),
            ("orderNumber", JSON(orderNumber)),
        ]
        if case .order = subject {} else { members.append(subject.member) }
        members += [
            ("ours", ours.json), ("theirs", theirs.json), ("outcome", .string(outcome.rawValue)),
            ("fix", JSON(fix?.word)), ("hint", .string(hint)),
        ]
        return .object(members)
    }
}
