package import Commerce
package import MariaDB
package import Web

/// One change of an order under way: what it will be, and what is written beside it.
///
/// The order's row is locked. Whoever changes more (payment, reservation, shipment) does so in the
/// same transaction, in the order: order, payment, refund.
package struct OrderChange: Sendable {
    /// The order as it will be written.
    package private(set) var order: Order
    package let now: Timestamp
    let actor: String
    private(set) var hasChanged = false
    private(set) var history: [HistoryEntry] = []
    private(set) var messages: [OutboxMessage] = []
    /// Of the order's documents those that are other than caches have them.
    private(set) var changedInvoices: [String] = []

    struct HistoryEntry: Sendable {
        let kind: String
        let cause: String?
        let isPublic: Bool
    }

    init(order: Order, actor: String, now: Timestamp) {
        self.order = order
        self.actor = actor
        self.now = now
    }

    /// Whether the order may move so: its table allows it, and it is not being closed.
    package func allows(_ event: OrderEvent) -> Bool {
        (order.closing.map { $0.event == event } ?? true)
            && order.status.allowedEvents.contains(event)
    }

    /// Moves the order along its table; one that is being closed only to its end.
    ///
    /// No move leads back to an order that waits for its money, so its deadline ends.
    ///
    /// - Throws: `IllegalTransition`.
    package mutating func apply(
        _ event: OrderEvent,
        cause: String? = nil
    ) throws(IllegalTransition<OrderStatus>) {
        if let closing = order.closing, closing.event != event {
            throw IllegalTransition(status: order.status, event: event, allowed: [])
        }
        let before = order.status
        order.status = try before.after(event)
        endDeadline()
        record("order.\(order.status.rawValue)", cause: cause, isPublic: true)
        if order.mayNeedInvoice(after: before) { schedule(.advanceInvoices) }
    }

    /// Shows what the order's payment has become, by the table of `PaymentStatus`.
    package mutating func setPaymentStatus(
        _ status: PaymentStatus,
        cause: String? = nil,
        isPublic: Bool = true
    ) {
        guard order.paymentStatus != status else { return }
        order.paymentStatus = status
        record("payment.\(status.rawValue)", cause: cause, isPublic: isPublic)
    }

    /// Writes or ends the intent to close the order.
    package mutating func setClosing(_ closing: Order.Closing?) {
        order.closing = closing
        hasChanged = true
    }

    /// Moves the time until which the order may be paid, or what was approved may be captured.
    ///
    /// - Parameters:
    ///   - time: the new deadline.
    ///   - holdsStock: whether the worker extends the reservation to it; without, the stock stays
    ///     reserved for as long as was planned when the order was placed.
    package mutating func moveDeadline(to time: Timestamp, holdsStock: Bool) {
        order.expiresAt = time
        hasChanged = true
        if holdsStock { schedule(.extendReservation) }
    }

    /// Ends the time until which the order may be paid: there is no need to wait any more, or
    /// somebody decides.
    package mutating func endDeadline() {
        order.expiresAt = nil
        hasChanged = true
    }

    package mutating func setRequiresVerification(_ required: Bool) {
        order.requiresVerification = required
        hasChanged = true
    }

    /// Sets where the attempt to pay came from that is counted with this change; nil forgets it.
    mutating func setClientNetwork(_ network: ClientNetwork?) {
        order.clientNetwork = network
        hasChanged = true
    }

    package mutating func setVisible() {
        order.visibleAt = now
        hasChanged = true
    }

    /// Writes an entry of the order's history; the change counts even if nothing else did.
    package mutating func record(_ kind: String, cause: String? = nil, isPublic: Bool = false) {
        history.append(HistoryEntry(kind: kind, cause: cause, isPublic: isPublic))
        hasChanged = true
    }

    /// Marks that something that belongs to the order changed.
    package mutating func touch() {
        hasChanged = true
    }

    /// Marks that the row of an invoice, or of one of its submissions, changed; by its public id.
    package mutating func touch(invoice publicID: String) {
        changedInvoices.append(publicID)
        hasChanged = true
    }

    /// Sends an event to the outside once the change is committed.
    package mutating func announce(
        _ topic: OutboxMessage.Topic,
        about subject: (name: String, value: JSON)? = nil
    ) {
        messages.append(
            OutboxMessage(channel: .event, topic: topic.rawValue, subject: subject)
        )
        hasChanged = true
    }

    /// Leaves a task to the worker, to be done once the change is committed.
    package mutating func schedule(_ task: OutboxMessage.Task, after delay: Duration = .zero) {
        messages.append(
            OutboxMessage(channel: .task, topic: task.rawValue, dueAt: now + delay)
        )
        hasChanged = true
    }

    /// Bumps the version, once for the whole change.
    mutating func seal() {
        order.version += 1
        order.updatedAt = now
    }
}
