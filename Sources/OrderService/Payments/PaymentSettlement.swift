import Commerce
import Logging
import MariaDB
import Resilience

/// Applies what Stripe says of a PaymentIntent to our record: the one settle function, for
/// webhook, client's return, worker and start of a payment alike.
///
/// The intent has been read before, with no transaction open. A final state is true however late
/// it is read; any other is dropped if the payment has changed since the read began.
struct PaymentSettlement: Sendable {
    let ledger: OrderLedger
    let limiter: PaymentLimiter
    let paymentDeadline: Duration
    let hold: FraudHold
    let logger = Logger(label: "orderd.payments")
    static let secondIntent = "second_intent"
    /// How long authorized money may wait for its stock, and its stock for the capture.
    static let authorizationLife = Duration.seconds(24 * 3_600)

    init(
        ledger: OrderLedger,
        limiter: PaymentLimiter,
        paymentDeadline: Duration,
        hold: FraudHold
    ) {
        self.ledger = ledger
        self.limiter = limiter
        self.paymentDeadline = paymentDeadline
        self.hold = hold
    }

    /// Settles one intent.
    ///
    /// - Parameters:
    ///   - intent: as Stripe told it.
    ///   - version: the payment's version before the read began; nil if it was not known.
    ///   - actor: who brought the news, for the history.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: the order as it is now; nil if the intent is not of ours.
    /// - Throws: `MariaDBError`.
    @discardableResult
    func settle(
        _ intent: PaymentIntent,
        readAt version: Int64?,
        by actor: String,
        until deadline: Deadline
    ) throws -> Order? {
        try attempt(intent, readAt: version, by: actor, until: deadline).order
    }

    /// What an attempt to settle has led to.
    struct Settled: Sendable {
        /// The order as it is now; nil if the intent is not of ours.
        var order: Order?
        /// The order's payment as it is now, where that is known without reading it again.
        var payment: Payment?
        /// Whether the payment has changed since the read began; then it has to be read again.
        var isDropped = false
    }

    /// The same, with all that is known afterwards.
    func attempt(
        _ intent: PaymentIntent,
        readAt version: Int64?,
        by actor: String,
        until deadline: Deadline
    ) throws -> Settled {
        guard let orderID = intent.orderID else { return Settled() }
        let change = try ledger.change(orderID, by: actor, until: deadline) {
            change,
            transaction -> News in
            guard let payment = try PaymentStore.locked(of: orderID, in: &transaction) else {
                return News()
            }
            guard payment.publicID == intent.paymentID else {
                try meetGivenUp(intent, beside: payment, &change, &transaction)
                return News()
            }
            if let known = payment.intentID, known != intent.id {
                try flagSecond(intent, beside: known, payment, &change, &transaction)
                return News()
            }
            var news = News()
            // The first intent of a payment is news whatever else has happened to the row.
            let isStale = payment.intentID != nil && version.map { $0 != payment.version } ?? false
            guard intent.status.isFinal || !isStale else {
                news.isDropped = true
                return news
            }
            news.decline = try noteAttempts(of: intent, payment, &change, &transaction)
            news.payment = try apply(intent, to: payment, &change, &transaction)
            let isSuccess = !payment.status.isSuccess && change.order.paymentStatus.isSuccess
            news.success = isSuccess ? .of(payment, change.order) : nil
            return news
        }
        guard let change else { return Settled() }
        if let attempt = change.result.success { limiter.noteSuccess(of: attempt, until: deadline) }
        if let chargeID = change.result.decline {
            try countDecline(chargeID, of: change.order, until: deadline)
        }
        let news = change.result
        return Settled(order: change.order, payment: news.payment, isDropped: news.isDropped)
    }

    /// What the limits have to be told once a change is committed.
    private struct News: Sendable {
        var success: LimitedAttempt?
        /// A declined charge that was not known.
        var decline: String?
        /// The payment as it was written.
        var payment: Payment?
        /// Whether the read was too old to count.
        var isDropped = false
    }

    /// - Returns: the payment as it was written; nil if nothing was.
    private func apply(
        _ intent: PaymentIntent,
        to payment: Payment,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Payment? {
        let (event, reviewReason) = Self.judge(intent, payment)
        let isNew = payment.intentID == nil
        guard let status = try? payment.status(after: event) else {
            // A late report is dropped; money for a payment that has no intents never is.
            if isNew { try flagSecond(intent, beside: "none", payment, &change, &transaction) }
            return nil
        }
        // The deadline starts when there is something to pay.
        let expiry = isNew ? change.now + paymentDeadline : payment.expiresAt
        let captured = status.isSettled ? intent.amountReceived : payment.captured
        let written = try PaymentStore.update(
            payment,
            status: status,
            intentID: intent.id,
            captured: captured,
            reviewReason: reviewReason ?? payment.reviewReason,
            expiresAt: expiry,
            now: change.now,
            in: &transaction
        )
        change.touch()
        let isLate = payment.attempts > 0
        let isReady = isNew && status.isPayable && change.order.mayBePaid
        if isNew, change.order.mayBePaid, let expiry {
            // It has moved on where Stripe was away, or a first payment was tried.
            let hasMoved = isLate || payment.follows != nil
            change.moveDeadline(to: expiry, holdsStock: isReady && hasMoved)
        }
        change.setPaymentStatus(status, cause: reviewReason)
        let isHeld =
            status.isSuccess && !payment.status.isSuccess
            ? try judge(intent, &change, &transaction) : false
        if status == .authorized, !isHeld {
            // Stripe keeps it for a week; who waits longer than a day has forgotten us.
            change.moveDeadline(to: change.now + Self.authorizationLife, holdsStock: true)
            change.schedule(.capturePayment)
        }
        if status == .cancelled, payment.status == .authorized { try endUnheld(&change) }
        if isNew, status.isPayable, !payment.status.isPayable {
            // Closed here before anybody knew the intent, it could be paid at Stripe all the same.
            change.schedule(.endPayment)
        }
        if isReady, isLate {
            change.announce(
                .paymentReady,
                about: PaymentRepresentation.event(payment, payment.amount)
            )
        }
        if status.isSettled, !payment.status.isSettled {
            change.announce(
                .paymentSucceeded,
                about: PaymentRepresentation.event(payment, captured)
            )
            if !isHeld { try confirm(&change, reviewReason: reviewReason, &transaction) }
        }
        return written
    }

    /// Judges money that has come; where Stripe's words about its charge are not known, they are
    /// asked for.
    ///
    /// - Returns: whether somebody has to look before the order goes on.
    private func judge(
        _ intent: PaymentIntent,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> Bool {
        if intent.charge?.outcome == nil { change.schedule(.assessPayment) }
        return try hold.judgeMoney(of: &change, &transaction)
    }

    /// The bank has let go what was held for an order that somebody looks at: it ends.
    private func endUnheld(_ change: inout OrderChange) throws {
        guard change.order.status == .paymentReview, change.order.closing == nil else { return }
        try OrderClosing.begin(.reject, "the authorization is gone", isStaff: true, &change)
    }

    /// A second intent for one payment never takes the first one's place.
    ///
    /// If it was paid, the customer may have paid twice: that is noted, told and looked at.
    func flagSecond(
        _ intent: PaymentIntent,
        beside known: String,
        _ payment: Payment,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws {
        logger.error(
            "a payment has a second intent",
            metadata: [
                "orderId": "\(payment.orderID)", "intentId": "\(known)",
                "secondIntentId": "\(intent.id)", "status": "\(intent.status.rawValue)",
            ]
        )
        guard intent.status == .succeeded, payment.reviewReason != Self.secondIntent else { return }
        try noteAttempts(of: intent, payment, &change, &transaction)
        try PaymentStore.flag(payment, Self.secondIntent, at: change.now, in: &transaction)
        change.record("payment.second_intent", cause: intent.id)
        // Nobody shall pay the first one as well.
        if payment.intentID != nil, payment.status.isPayable { change.schedule(.endPayment) }
        if change.allows(.reviewPayment) {
            try change.apply(.reviewPayment, cause: Self.secondIntent)
        }
    }

    /// Compares what was paid with what was asked; a difference is flagged, never swallowed.
    static func judge(
        _ intent: PaymentIntent,
        _ payment: Payment
    ) -> (event: PaymentEvent, reviewReason: String?) {
        guard intent.status == .succeeded else { return (intent.status.event, nil) }
        if intent.amountReceived.currency != payment.amount.currency {
            return (.pay, "currency_differs")
        }
        if intent.amountReceived.minor > payment.amount.minor {
            return (.overpay, "amount_exceeds")
        }
        if intent.amountReceived.minor < payment.amount.minor { return (.pay, "amount_short") }
        return (.pay, nil)
    }

    /// The money is there: an order that waits for it goes on, unless something has to be looked
    /// at first; out of a review only somebody's decision leads.
    private func confirm(
        _ change: inout OrderChange,
        reviewReason: String?,
        _ transaction: inout Transaction
    ) throws {
        let order = change.order
        guard try mayGoOn(order, &transaction), change.allows(.confirm) else {
            change.record("payment.late", cause: "the order is \(order.status.rawValue)")
            if order.status.hasEndedUnpaid {
                _ = try RefundRequester.requestRest(
                    reason: "the order was \(order.status.rawValue) before it was paid",
                    &change,
                    &transaction
                )
            }
            return
        }
        guard reviewReason == nil else {
            if change.allows(.reviewPayment) {
                try change.apply(.reviewPayment, cause: reviewReason)
            }
            return
        }
        try change.apply(.confirm)
        change.announce(.orderConfirmed)
        change.schedule(.commitReservation)
    }

    /// Whether an order waits for its money alone, and not for somebody's decision.
    private func mayGoOn(_ order: Order, _ transaction: inout Transaction) throws -> Bool {
        if order.status == .awaitingPayment { return true }
        return try order.status == .paymentReview
            && FraudReviewStore.isApproved(order.id, in: &transaction)
    }
}
