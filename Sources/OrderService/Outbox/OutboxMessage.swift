package import MariaDB

/// Something to be done or told once a change is committed.
package struct OutboxMessage: Sendable {
    /// What kind of work a message is; each has its own relay.
    package enum Channel: String, Sendable, CaseIterable {
        /// Told to the outside through the stream `orders.events`.
        case event
        /// An invalidation, in case the process died before its own.
        case cache
        /// Work for our own worker.
        case task
    }

    /// The events that other services may rely on.
    package enum Topic: String, Sendable, CaseIterable {
        case orderPlaced = "order.placed"
        case orderConfirmed = "order.confirmed"
        case orderShipped = "order.shipped"
        case orderDelivered = "order.delivered"
        /// Also of an order that was rejected.
        case orderCancelled = "order.cancelled"
        case orderExpired = "order.expired"
        case paymentReady = "payment.ready"
        case paymentSucceeded = "payment.succeeded"
        case paymentFailed = "payment.failed"
    }

    /// What the worker does for an order.
    package enum Task: String, Sendable, CaseIterable {
        /// Ends an order that was never shown, if nobody did meanwhile.
        case discardUnseen = "order.discard_unseen"
        /// Goes on closing an order.
        case closeOrder = "order.close"
        /// Tells product-service that the reserved stock is sold.
        case commitReservation = "reservation.commit"
        /// Reserves the stock of an order that was made while product-service was away.
        case verifyReservation = "reservation.verify"
        /// Tries a degraded start of a payment again.
        case ensurePayment = "payment.ensure"
        /// Cancels at Stripe what was met there after it had been given up here.
        case endPayment = "payment.end"
    }

    static let dropCaches = "order.changed"

    package let channel: Channel
    package let topic: String
    /// Not before this time; nil is at once.
    package var dueAt: Timestamp?

    /// The task that ends an order which nobody was shown by then.
    static func discardUnseen(at time: Timestamp) -> OutboxMessage {
        OutboxMessage(channel: .task, topic: Task.discardUnseen.rawValue, dueAt: time)
    }
}
