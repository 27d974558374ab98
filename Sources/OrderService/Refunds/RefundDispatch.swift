import Commerce
import Logging
import MariaDB
import Resilience

/// Sends refunds to Stripe and notes what came of it; no transaction is open during the call.
///
/// | outcome | refund |
/// |---|---|
/// | Stripe's object | as Stripe says |
/// | refused for good | `manual`, unless Stripe turns out to have it |
/// | not executed | as it was; tried again, after 15 min `manual` if Stripe does not have it |
/// | unknown, a stored failure, the same key in flight | `unknown`; the worker finds out |
struct RefundDispatch: Sendable {
    let store: RefundStore
    let payments: PaymentStore
    let stripe: StripeClient
    let settlement: RefundSettlement
    let reader: RefundReader
    private let logger = Logger(label: "orderd.refunds")

    /// The word for a key that will never bring anything but a stored failure.
    static let storedFailure = "stored_failure"
    /// So long the outcome of a call may be written after its request's deadline.
    private static let grace = Duration.seconds(5)

    init(
        store: RefundStore,
        payments: PaymentStore,
        stripe: StripeClient,
        settlement: RefundSettlement,
        reader: RefundReader
    ) {
        self.store = store
        self.payments = payments
        self.stripe = stripe
        self.settlement = settlement
        self.reader = reader
    }

    /// Sends a refund under its key, unless the switch is off or somebody else has it.
    ///
    /// Stripe not answering is no error; the row says then what is known.
    func send(_ refund: Refund, until deadline: Deadline, _ calls: CallLog?) throws {
        guard let key = refund.key.flatMap({ IdempotencyKey($0) }),
            let intentID = try payments.find(id: refund.paymentID, until: deadline)?.intentID,
            case .mine(let sent) = try store.takeTurn(
                refund,
                for: RefundPace.lease,
                pausedFor: RefundPace.pause,
                until: deadline
            )
        else { return }
        let outcome = stripe.createRefund(
            sent.publicID,
            orderID: sent.orderID,
            intentID: intentID,
            amount: sent.amount,
            key: key,
            until: deadline,
            calls,
            late: { settleLate($0, of: sent) }
        )
        try note(outcome, of: sent, intentID, until: max(deadline, .after(Self.grace)), calls)
    }

    private func note(
        _ outcome: Outcome<StripeClient.RefundAnswer, UpstreamFailure>,
        of refund: Refund,
        _ intentID: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws {
        switch outcome {
        case .executed(.refund(let told)):
            try settlement.settle(told, by: "stripe", until: deadline)
        case .executed(.refused(let refusal)):
            switch refusal.effect {
            case .none:
                let reason = "status_\(refusal.status)"
                try noteNotExecuted(refund, reason, intentID, until: deadline, calls)
            case .unknown:
                try noteUnknown(refund, refusal.word, until: deadline)
            case .final:
                try noteRefused(refund, refusal, intentID, until: deadline, calls)
            }
        case .executed(.storedFailure):
            try noteUnknown(refund, Self.storedFailure, until: deadline)
        case .executed(.page):
            try noteUnknown(refund, "unreadable_answer", until: deadline)
        case .notExecuted(let failure):
            try noteNotExecuted(refund, failure.reason, intentID, until: deadline, calls)
        case .unknown(let failure):
            try noteUnknown(refund, failure.reason, until: deadline)
        }
    }

    /// Nothing was done by this try; an earlier one that is in doubt stays so.
    ///
    /// A call is several tries, and only the last one is told here: before a refund is left to
    /// people, Stripe's list has to lack it.
    private func noteNotExecuted(
        _ refund: Refund,
        _ reason: String,
        _ intentID: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws {
        let now = store.clock.now
        if refund.status == .requested, RefundPace.isSpent(refund, at: now),
            try reader.reread(ofIntent: intentID, until: deadline, calls) == nil
        {
            try apply(.giveUp, to: refund, reason, until: deadline)
        } else {
            let delay = RefundPace.delay(refund, at: now)
            try store.putOff(refund, by: delay, because: reason, until: deadline)
        }
    }

    private func noteUnknown(
        _ refund: Refund,
        _ reason: String,
        until deadline: Deadline
    ) throws {
        try apply(.loseAnswer, to: refund, reason, until: deadline)
    }

    /// Notes a refusal, unless Stripe's list has the refund after all.
    ///
    /// It may have been made under a key that Stripe has forgotten; or somebody at the dashboard was
    /// quicker, whose refund is adopted here.
    private func noteRefused(
        _ refund: Refund,
        _ refusal: StripeClient.Refusal,
        _ intentID: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) throws {
        logger.error(
            "Stripe refused a refund",
            metadata: [
                "refundId": "\(refund.publicID)", "orderId": "\(refund.orderID)",
                "status": "\(refusal.status)", "code": "\(refusal.code)",
            ]
        )
        let unread = try reader.reread(ofIntent: intentID, until: deadline, calls)
        guard unread == nil || (refund.status == .requested && refund.attempts == 1) else {
            // It may be an earlier try of ours that is in this one's way.
            return try noteUnknown(refund, refusal.word, until: deadline)
        }
        try apply(.refuse, to: refund, refusal.word, until: deadline)
    }

    /// A refund that has moved on meanwhile, by a webhook for instance, stays where it is.
    func apply(
        _ event: RefundEvent,
        to refund: Refund,
        _ reason: String,
        until deadline: Deadline
    ) throws {
        do {
            try settlement.apply(
                event,
                to: refund,
                by: "worker",
                because: reason,
                nextIn: RefundPace.delay(refund, at: store.clock.now),
                until: deadline
            )
        } catch is IllegalTransition<RefundStatus> {
            logger.info(
                "a refund has moved on",
                metadata: ["refundId": "\(refund.publicID)", "event": "\(event.rawValue)"]
            )
        }
    }

    /// Settles a refund whose answer came when nobody waited for it any more; whatever fails
    /// here, the worker finds out.
    private func settleLate(
        _ outcome: Outcome<StripeClient.RefundAnswer, UpstreamFailure>,
        of refund: Refund
    ) {
        guard case .executed(.refund(let told)) = outcome else { return }
        do {
            try settlement.settle(told, by: "stripe", until: .after(Self.grace))
        } catch {
            logger.notice(
                "a late refund is left to the worker",
                metadata: ["refundId": "\(refund.publicID)", "error": "\(error)"]
            )
        }
    }
}

extension StripeClient.Refusal {
    /// What a refused write has done.
    enum Effect {
        /// Nothing, and another try may bring more: not let in, or too many at once.
        case none
        /// Nobody can tell: the same key is being carried out.
        case unknown
        /// Nothing, and it would be refused again.
        case final
    }

    /// Stripe decides on 401, 403 and 429 before it begins.
    var effect: Effect {
        switch status {
        case 401, 403, 429: .none
        case 409: .unknown
        default: .final
        }
    }

    /// A bounded word: Stripe's code, or its type where there is none.
    var word: String { code.isEmpty ? (type.isEmpty ? "status_\(status)" : type) : code }
}
