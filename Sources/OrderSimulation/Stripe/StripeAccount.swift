import Web

/// Everything that the stand-in for Stripe remembers, and the rules by which it changes.
///
/// A value: the caller holds the lock, brings the time, and takes the new events away.
struct StripeAccount {
    /// The call that is being carried out, as events name it.
    struct Call {
        var now: Instant
        var requestID: String?
        var idempotencyKey: String?
        /// Where this stand-in is reached, such as `http://127.0.0.1:8081`.
        var origin = ""
    }

    /// How long after it began a refund of a refund test card changes its state.
    static let refundDelay: Int64 = 30
    /// How long an authorization holds.
    static let authorizationLifetime: Int64 = 7 * 86_400

    var random: RandomSource
    var intents = Ledger<PaymentIntent> { $0.id }
    var charges = Ledger<Charge> { $0.id }
    var refunds = Ledger<Refund> { $0.id }
    var disputes = Ledger<Dispute> { $0.id }
    var reviews = Ledger<Review> { $0.id }
    var fraudWarnings = Ledger<FraudWarning> { $0.id }
    var methods: [String: PaymentMethod] = [:]
    var events = Ledger<Event>(limit: 50_000) { $0.id }
    var idempotency = IdempotencyTable()
    /// Events that no webhook has been queued for yet, in their order.
    var newEvents: [String] = []
    /// Refunds and authorizations that will change by themselves, so that time passes cheaply.
    private(set) var timers: [Timer] = []
    private var earliestTimer: Instant?

    /// Something that is due at an instant.
    struct Timer {
        let at: Instant
        let id: String
    }

    init(random: RandomSource) {
        self.random = random
    }

    mutating func emit(
        _ type: String,
        _ object: JSON,
        _ call: Call,
        previous: JSON? = nil
    ) {
        let event = Event(
            id: random.id("evt"),
            type: type,
            created: call.now,
            subject: object["payment_intent"]?.string ?? object["id"]?.string ?? "",
            object: object.serialized(),
            previousAttributes: previous,
            requestID: call.requestID,
            idempotencyKey: call.idempotencyKey,
            pendingWebhooks: 0
        )
        events.append(event)
        newEvents.append(event.id)
    }

    /// Has an intent or a refund looked at again at an instant.
    mutating func addTimer(at instant: Instant, _ id: String) {
        timers.append(Timer(at: instant, id: id))
        earliestTimer = min(earliestTimer ?? instant, instant)
    }

    /// Lets everything happen that is due by `now`.
    mutating func advance(to now: Instant) {
        guard let earliestTimer, earliestTimer <= now else { return }
        let due = timers.filter { $0.at <= now }.sorted { $0.at < $1.at }
        timers.removeAll { $0.at <= now }
        self.earliestTimer = timers.map(\.at).min()
        for timer in due {
            let call = Call(now: timer.at)
            if let refund = refunds[timer.id], let next = refund.next {
                settle(refund, as: next.status, reason: nil, call)
            } else if let intent = intents[timer.id] {
                lapse(intent, call)
            }
        }
    }

    /// An authorization that nobody captured in time is given up by Stripe.
    private mutating func lapse(_ lapsed: PaymentIntent, _ call: Call) {
        guard lapsed.status == .requiresCapture else { return }
        var intent = lapsed
        if let id = intent.latestCharge, var charge = charges[id] {
            charge.amountRefunded = charge.amount
            charges[id] = charge
            emit("charge.expired", charge.json, call)
        }
        close(&intent, reason: "automatic", call)
    }

    /// Ends an intent without payment.
    mutating func close(_ intent: inout PaymentIntent, reason: String?, _ call: Call) {
        intent.status = .canceled
        intent.canceledAt = call.now
        intent.cancellationReason = reason
        intent.amountCapturable = 0
        intent.nextAction = nil
        intents[intent.id] = intent
        emit("payment_intent.canceled", intent.json, call)
    }

    func intent(_ id: String) throws(StripeError) -> PaymentIntent {
        guard let intent = intents[id] else {
            throw .noSuch("payment_intent", id, param: "intent")
        }
        return intent
    }
}
