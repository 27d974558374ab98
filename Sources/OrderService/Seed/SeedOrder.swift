import Commerce
import MariaDB

/// One order of the demo data while its story is told.
struct SeedOrder: Sendable {
    /// How the checkout session of a demo order begins, which no real one's does.
    static let sessionPrefix = "demo_"

    /// What is bought, by whom, and when.
    struct Purchase: Sendable {
        let id: Int64
        let number: OrderNumber
        let checkoutSessionID: String
        let person: SeedPerson
        /// Nil for guests.
        let userSeq: Int64?
        let lines: [Line]
        let shipping: ShippingMethod
        let totals: Totals
        let placedAt: Timestamp
    }

    struct Payment: Sendable {
        let id: Int64
        let publicID: String
        /// Given once Stripe answers.
        let intentID: String
        var hasIntent = false
        var failedStarts = 0
        var status: PaymentStatus
        var captured: Int64 = 0
        var refunded: Int64 = 0
        var reviewReason: String?
        var version: Int64 = 1
        var updatedAt: Timestamp
        var completedAt: Timestamp?
    }

    struct Shipment: Sendable {
        let id: Int64
        /// Nil for goods that are fetched.
        let carrier: String?
        let trackingNumber: String
        var status = "preparing"
        var events: [(event: FulfilmentEvent, at: Timestamp)] = []
    }

    struct Attempt: Sendable {
        let chargeID: String
        let decline: String?
        let at: Timestamp
    }

    /// An invoice or a credit note of it, yet to be numbered among those of all orders.
    struct Document: Sendable {
        let cause: InvoiceCause
        /// In minor units.
        let gross: Int64
        /// What was paid when it was issued.
        let captured: Int64
        let at: Timestamp
    }

    struct Entry: Sendable {
        let version: Int64
        let kind: String
        let actor: String
        let cause: String?
        let isPublic: Bool
        let at: Timestamp
    }

    /// How long after its placing an order has to be paid, and how much longer stock is held.
    private static let paymentDeadline = Duration.seconds(1_800)
    private static let reservationMargin = Duration.seconds(900)

    let purchase: Purchase
    let story: SeedStory
    private(set) var status = OrderStatus.awaitingPayment
    private(set) var payment: Payment?
    private(set) var attempts: [Attempt] = []
    private(set) var reservation: ReservationStatus
    private(set) var reservationVersion: Int64 = 1
    private(set) var reservationUpdatedAt: Timestamp
    private(set) var shipment: Shipment
    private(set) var entries: [Entry] = []
    private(set) var documents: [Document] = []
    private(set) var version: Int64 = 1
    private(set) var updatedAt: Timestamp
    private(set) var expiresAt: Timestamp?
    private(set) var paymentExpiresAt: Timestamp

    init(_ purchase: Purchase, _ story: SeedStory, payment: Payment?, shipment: Shipment) {
        self.purchase = purchase
        self.story = story
        self.payment = payment
        self.shipment = shipment
        reservation = story.isOptimistic ? .optimistic : .held
        reservationUpdatedAt = purchase.placedAt
        updatedAt = purchase.placedAt
        paymentExpiresAt = purchase.placedAt + Self.paymentDeadline
        expiresAt = story.method == .card ? paymentExpiresAt : nil
    }

    /// Lets everything happen that happened before `now`.
    ///
    /// Where there is too little time for the story, it passes faster.
    ///
    /// - Parameters:
    ///   - now: the time that the demo data are of.
    ///   - openUntil: the payment deadline of orders that wait for a payment, so that the states
    ///     stay for a while.
    ///   - random: how long each step takes.
    /// - Throws: what the rules of `Commerce` forbid, which is a mistake in the story.
    mutating func tell(
        until now: Timestamp,
        openUntil: Timestamp,
        _ random: inout SeedRandom
    ) throws {
        let delays = story.steps.map { random.number(in: $0.after) * 1_000_000 }
        let total = delays.reduce(0, +)
        let available = now.microseconds - purchase.placedAt.microseconds
        let shorter = available / 100 * random.number(in: 40...99)
        var passed: Int64 = 0
        for (step, delay) in zip(story.steps, delays) {
            passed += delay
            // In milliseconds, so that the product of two times fits 64 bits.
            let elapsed =
                total > available
                ? shorter / 1_000 * (passed / 1_000) / (total / 1_000) * 1_000 : passed
            let at = Timestamp(microseconds: purchase.placedAt.microseconds + elapsed)
            let before = (version: version, updatedAt: updatedAt)
            version += 1
            updatedAt = at
            let actor = word(for: step.actor)
            if entries.isEmpty { record("order.placed", by: actor, nil, isPublic: true) }
            for act in step.acts { try perform(act, by: actor, &random) }
            issueDocuments()
            // A declined charge alone leaves the order as it was.
            if entries.last?.version != version { (version, updatedAt) = before }
        }
        if status == .awaitingPayment {
            expiresAt = openUntil
            paymentExpiresAt = openUntil
        }
    }

    private func word(for actor: SeedStory.Actor) -> String {
        switch actor {
        case .buyer: purchase.person.userID == nil ? "guest" : "customer"
        case .stripe: "stripe"
        case .worker: "worker"
        case .staff(let id): "staff:\(id)"
        }
    }

    private mutating func perform(
        _ act: SeedStory.Act,
        by actor: String,
        _ random: inout SeedRandom
    ) throws {
        switch act {
        case .move(let event, let cause): try move(event, by: actor, cause)
        case .payment(let event, let cause): try pay(event, by: actor, cause)
        case .startFails:
            payment?.failedStarts += 1
            touchPayment()
            record("payment.requires_retry", by: actor, "Stripe did not answer", isPublic: false)
        case .charge(let decline):
            let charge = Attempt(
                chargeID: "ch_3S\(random.token(22))",
                decline: decline,
                at: updatedAt
            )
            attempts.append(charge)
        case .capture(let percent):
            payment?.captured = max(1, purchase.totals.total.minor * percent / 100)
        case .refund(let percent):
            let captured = payment?.captured ?? 0
            payment?.refunded = max(1, captured * percent / 100)
        case .flag(let reason): payment?.reviewReason = reason
        case .reservation(let event):
            reservation = try reservation.after(event)
            reservationVersion += 1
            reservationUpdatedAt = updatedAt
            record("reservation.\(reservation.rawValue)", by: actor, nil, isPublic: false)
        case .fulfil(let event): try fulfil(event, by: actor)
        }
    }

    private mutating func move(
        _ event: OrderEvent,
        by actor: String,
        _ cause: String?
    ) throws(IllegalTransition<OrderStatus>) {
        status = try status.after(event)
        if event == .confirm { expiresAt = nil }
        record("order.\(status.rawValue)", by: actor, cause, isPublic: true)
    }

    private mutating func pay(
        _ event: PaymentEvent,
        by actor: String,
        _ cause: String?
    ) throws(IllegalTransition<PaymentStatus>) {
        guard var payment else { return }
        let status = try payment.status.after(event)
        payment.status = status
        if actor == "stripe", status != .unknown { payment.hasIntent = true }
        if status.isSettled, payment.completedAt == nil { payment.completedAt = updatedAt }
        self.payment = payment
        touchPayment()
        record("payment.\(status.rawValue)", by: actor, cause, isPublic: true)
    }

    /// Issues what is due now; others number it.
    private mutating func issueDocuments() {
        while let document = dueDocument(at: updatedAt) {
            documents.append(document)
            record("invoice.issued", by: "worker", nil, isPublic: true)
        }
    }

    private mutating func touchPayment() {
        payment?.version += 1
        payment?.updatedAt = updatedAt
    }

    private mutating func fulfil(
        _ event: FulfilmentEvent,
        by actor: String
    ) throws(IllegalTransition<OrderStatus>) {
        try move(event.orderEvent, by: actor, nil)
        shipment.events.append((event, updatedAt))
        shipment.status =
            switch event {
            case .start: "preparing"
            case .ship: "shipped"
            case .deliver: "delivered"
            case .return: "returned"
            }
    }

    private mutating func record(
        _ kind: String,
        by actor: String,
        _ cause: String?,
        isPublic: Bool
    ) {
        entries.append(
            Entry(
                version: version,
                kind: kind,
                actor: actor,
                cause: cause,
                isPublic: isPublic,
                at: updatedAt
            )
        )
    }

    /// When the stock goes back unless it is sold.
    var reservationExpiry: Timestamp {
        purchase.placedAt + Self.paymentDeadline + Self.reservationMargin
    }
}
