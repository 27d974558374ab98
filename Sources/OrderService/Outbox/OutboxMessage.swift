package import MariaDB
import Web

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
        /// Of a payment that could not be started with its order.
        case paymentReady = "payment.ready"
        case paymentSucceeded = "payment.succeeded"
        /// Of each card that was declined; the order still waits for another one.
        case paymentFailed = "payment.failed"
        case refundSucceeded = "refund.succeeded"
        /// Also of one that was cancelled: the money stays here.
        case refundFailed = "refund.failed"
        /// An invoice, or a credit note.
        case invoiceIssued = "invoice.issued"
        /// A document that breaks a rule: somebody has to correct it.
        case invoiceRejected = "invoice.rejected"
        /// For the mailer; it changes nothing of the order.
        case guestLinkRequested = "guest.link.requested"

        /// The version of the form of the event's data; another one breaks those who read it.
        var schemaVersion: Int { 1 }

        /// The name of the file in `nginx/html/events` that describes the event.
        var schemaFile: String { "\(rawValue).v\(schemaVersion).json" }
    }

    /// What the worker does for an order.
    package enum Task: String, Sendable, CaseIterable {
        /// Ends an order that was never shown, if nobody did meanwhile.
        case discardUnseen = "order.discard_unseen"
        /// Holds the stock for as long as the order may be paid.
        case extendReservation = "reservation.extend"
        /// Cancels a payment on which too many cards were tried.
        case stopPayment = "payment.stop"
        /// Takes the authorized money of an order whose stock is held.
        case capturePayment = "payment.capture"
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
        /// Looks at money again whose charge Stripe could not be asked about.
        case assessPayment = "fraud.assess"
        /// Sends the refunds of an order that wait, and finds out what became of the others.
        case advanceRefunds = "refund.advance"
        /// Issues the invoice and the credit notes of an order that are due.
        case advanceInvoices = "invoice.advance"

        /// Whether it is there only in case a request dies half-way.
        var onlyLooks: Bool { self == .discardUnseen || self == .ensurePayment }

        var group: TaskGroup {
            switch self {
            case .ensurePayment, .endPayment, .stopPayment, .assessPayment, .advanceRefunds:
                .payments
            case .discardUnseen, .commitReservation, .verifyReservation, .extendReservation:
                .stock
            case .closeOrder, .capturePayment: .closing
            case .advanceInvoices: .invoices
            }
        }
    }

    /// Tasks that wait for the same service.
    package enum TaskGroup: String, Sendable, CaseIterable {
        /// Stripe alone.
        case payments
        /// product-service alone.
        case stock
        /// Both.
        case closing
        /// None but MariaDB.
        case invoices

        /// The tasks of the group.
        var tasks: [Task] { Task.allCases.filter { $0.group == self } }
    }

    static let dropCaches = "order.changed"

    package let channel: Channel
    package let topic: String
    /// Not before this time; nil is at once.
    package var dueAt: Timestamp?
    /// What an event tells beside its order.
    var subject: (name: String, value: JSON)?

    /// The event that it is; nil if it is for ourselves.
    var told: Topic? { channel == .event ? Topic(rawValue: topic) : nil }

    /// The task that starts a payment which nobody has started by then.
    static func ensurePayment(at time: Timestamp) -> OutboxMessage {
        OutboxMessage(channel: .task, topic: Task.ensurePayment.rawValue, dueAt: time)
    }

    /// The task that ends an order which nobody was shown by then.
    static func discardUnseen(at time: Timestamp) -> OutboxMessage {
        OutboxMessage(channel: .task, topic: Task.discardUnseen.rawValue, dueAt: time)
    }
}
