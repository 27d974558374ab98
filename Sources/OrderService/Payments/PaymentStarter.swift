import Commerce
import Logging
import MariaDB
import Resilience
import Web

/// Ensures that an order has one live payment: creates its PaymentIntent or finds the one there is.
///
/// Used by completing a checkout, by `POST /orders/{id}/payments` and by the worker.
struct PaymentStarter: Sendable {
    let orders: OrderStore
    let payments: PaymentStore
    let ledger: OrderLedger
    let stripe: StripeClient
    let settlement: PaymentSettlement
    let limiter: PaymentLimiter
    private let logger = Logger(label: "orderd.payments")

    /// How long an order waits for its payment to be startable at all.
    private static let degradedLife = Duration.seconds(24 * 3_600)
    /// When the worker looks for the first time whether a payment was started.
    static let firstRetry = Duration.seconds(5)

    init(
        orders: OrderStore,
        payments: PaymentStore,
        ledger: OrderLedger,
        stripe: StripeClient,
        settlement: PaymentSettlement,
        limiter: PaymentLimiter
    ) {
        self.orders = orders
        self.payments = payments
        self.ledger = ledger
        self.stripe = stripe
        self.settlement = settlement
        self.limiter = limiter
    }

    /// A payment and, where it can be paid now, the secret that the browser needs.
    struct Started: Sendable {
        let payment: Payment
        /// The order as its payment's start has left it; nil where that did not change it.
        var order: Order?
        let clientSecret: String?
        /// How long another try is sure to be refused, if that is known.
        var retryAfter: Duration?

        /// Whether the customer has to come back for the secret.
        var isDegraded: Bool { payment.status.isPayable && clientSecret == nil }
    }

    /// Ensures the live payment of an order.
    ///
    /// Stripe not answering is no error: the payment then `requires_retry`, and the worker and
    /// the customer's next call try again under the same key.
    ///
    /// - Parameters:
    ///   - orderID: of a visible order.
    ///   - order: the order, where it was read just now.
    ///   - payer: who asks for a new payment where the last one was closed unpaid; nil leaves a
    ///     closed one closed.
    ///   - deadline: of the request.
    ///   - calls: where the calls are noted.
    /// - Returns: the payment as it is now.
    /// - Throws: a `Problem`, with 429 where the limits have no room for a new payment.
    func ensure(
        _ orderID: Int64,
        knownAs order: Order? = nil,
        renewedBy payer: Payer? = nil,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws -> Started {
        try ensure(orderID, order, payer, mayReplace: true, until: deadline, calls)
    }

    /// Starts the payment of an order that waits for it, unless somebody has; for the worker.
    ///
    /// - Returns: whether nothing is left to be done.
    func startIfDue(_ orderID: Int64, until deadline: Deadline) throws -> Bool {
        guard let order = try orders.find(orderID, until: deadline) else { return true }
        // The request that makes it is still at work.
        guard order.visibleAt != nil else { return false }
        guard order.status == .awaitingPayment, order.closing == nil,
            try payments.current(of: orderID, until: deadline)?.intentID == nil
        else { return true }
        return try !ensure(orderID, until: deadline, nil).isDegraded
    }

    private func ensure(
        _ orderID: Int64,
        _ order: Order?,
        _ payer: Payer?,
        mayReplace: Bool,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws -> Started {
        let (payment, admission) = try renewed(orderID, by: payer, until: deadline)
        guard payment.captureMethod != "none", payment.status.isPayable,
            try isPayable(order ?? orders.find(orderID, until: deadline)),
            let key = payment.key.flatMap({ IdempotencyKey($0) })
        else { return Started(payment: payment, clientSecret: nil) }
        let start = ContinuousClock.now
        let outcome =
            if let intentID = payment.intentID {
                stripe.intent(intentID, until: deadline, calls)
            } else {
                stripe.createIntent(
                    amount: payment.amount,
                    orderID: orderID,
                    paymentID: payment.publicID,
                    capture: payment.captureMethod,
                    key: key,
                    until: deadline,
                    calls,
                    late: { settleLate($0, of: payment) }
                )
            }
        switch outcome {
        case .executed(.storedFailure) where mayReplace:
            try replace(payment, because: "Stripe repeats a stored failure", until: deadline)
            return try ensure(orderID, nil, payer, mayReplace: false, until: deadline, calls)
        case .executed(.refused(let refusal))
        where refusal.isInFlight
            && ContinuousClock.now - start > stripe.payments.attemptTimeout / 2:
            // A refusal comes at once: it is our own first try that Stripe is still at.
            guard mayReplace else {
                return try failedStart(of: payment, retryAfter: nil, until: deadline)
            }
            try replace(payment, because: "Stripe is too slow with it", until: deadline)
            return try ensure(orderID, nil, payer, mayReplace: false, until: deadline, calls)
        case .executed(.refused(let refusal)) where refusal.isInFlight:
            return try follow(payment, until: deadline, calls)
        default:
            let started = try apply(outcome, to: payment, until: deadline)
            try keepAccount(of: payment, outcome, admission, until: deadline)
            return started
        }
    }

    /// Whether the order still waits for its payment, and has been shown to somebody.
    private func isPayable(_ order: Order?) -> Bool {
        guard let order else { return false }
        return order.status == .awaitingPayment && order.closing == nil && order.visibleAt != nil
    }

    func apply(
        _ outcome: Outcome<StripeClient.Answer, UpstreamFailure>,
        to payment: Payment,
        until deadline: Deadline
    ) throws -> Started {
        var retryAfter: Duration?
        switch outcome {
        case .executed(.intent(let intent)):
            let settled = try settlement.attempt(
                intent,
                readAt: payment.version,
                by: "stripe",
                until: deadline
            )
            let order = settled.order
            let current =
                try settled.payment ?? payments.current(of: payment.orderID, until: deadline)
                ?? payment
            // While Stripe was asked the order may have been closed, or this payment given up for
            // another one; who held two secrets could pay twice.
            let isOpen = current.status.isPayable && current.intentID == intent.id
            let mayBePaid = isOpen && order?.mayBePaid ?? false
            return Started(
                payment: current,
                order: order,
                clientSecret: mayBePaid ? intent.clientSecret : nil
            )
        case .executed(.refused(let refusal)):
            logger.error(
                "Stripe refused a payment's start",
                metadata: [
                    "orderId": "\(payment.orderID)", "status": "\(refusal.status)",
                    "code": "\(refusal.code)",
                ]
            )
            if refusal.code == "amount_too_small" {
                throw Problem(
                    .unprocessableContent,
                    "amount_too_small",
                    "The total is below what cards can be charged."
                )
            }
        case .notExecuted(let failure), .unknown(let failure):
            retryAfter = failure.retryAfter
        case .executed(.storedFailure):
            break
        }
        guard payment.intentID == nil else {
            return Started(payment: payment, clientSecret: nil, retryAfter: retryAfter)
        }
        return try failedStart(of: payment, retryAfter: retryAfter, until: deadline)
    }

    /// A start that is left to the worker and the customer's next call.
    func failedStart(
        of payment: Payment,
        retryAfter: Duration?,
        until deadline: Deadline
    ) throws -> Started {
        try noteFailedStart(of: payment, until: deadline)
        let noted = try payments.current(of: payment.orderID, until: .after(.seconds(1)))
        return Started(payment: noted ?? payment, clientSecret: nil, retryAfter: retryAfter)
    }

    /// Settles an intent that Stripe made after nobody waited for it any more, so that the
    /// customer finds it at once; whatever fails here, the worker's next try mends.
    private func settleLate(
        _ outcome: Outcome<StripeClient.Answer, UpstreamFailure>,
        of payment: Payment
    ) {
        guard case .executed(.intent(let intent)) = outcome else { return }
        do {
            try settlement.settle(
                intent,
                readAt: payment.version,
                by: "stripe",
                until: .after(.seconds(2))
            )
        } catch {
            logger.notice(
                "a late intent is left to the worker",
                metadata: ["orderId": "\(payment.orderID)", "error": "\(error)"]
            )
        }
    }

    /// Leaves the creation to the worker: nobody holds the secret yet, so it is harmless whether
    /// the intent was made or not, and the same key finds it.
    private func noteFailedStart(of payment: Payment, until deadline: Deadline) throws {
        let deadline = max(deadline, .after(.seconds(1)))
        try ledger.change(payment.orderID, by: "stripe", until: deadline) { change, transaction in
            guard let current = try PaymentStore.locked(of: payment.orderID, in: &transaction),
                current.id == payment.id, current.intentID == nil
            else { return }
            let end = change.order.createdAt + Self.degradedLife
            try PaymentStore.noteFailedStart(
                of: current,
                expiresAt: end,
                at: change.now,
                in: &transaction
            )
            guard current.attempts == 0 else { return }
            change.record("payment.requires_retry", cause: "Stripe did not answer")
            change.moveDeadline(to: end, holdsStock: false)
        }
    }
}
