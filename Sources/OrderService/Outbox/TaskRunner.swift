import Commerce
import Logging
import MariaDB
import Resilience

/// Does what changes of orders left to be done: each task once its time has come.
struct TaskRunner: Sendable {
    let relay: OutboxRelay
    let placement: OrderPlacement
    let payments: PaymentStarter
    let closing: OrderClosing
    let reservations: ReservationStore
    let verification: ReservationVerification
    let products: ProductServiceClient
    private let logger = Logger(label: "orderd.tasks")

    private static let batch = 20

    init(
        relay: OutboxRelay,
        placement: OrderPlacement,
        payments: PaymentStarter,
        closing: OrderClosing,
        reservations: ReservationStore,
        verification: ReservationVerification,
        products: ProductServiceClient
    ) {
        self.relay = relay
        self.placement = placement
        self.payments = payments
        self.closing = closing
        self.reservations = reservations
        self.verification = verification
        self.products = products
    }

    /// A task that has to be tried again later, with the reason in a bounded word.
    struct NotYet: Error, CustomStringConvertible {
        let description: String
    }

    func run(until deadline: Deadline) throws -> Int {
        let messages = try relay.lease(limit: Self.batch, until: deadline)
        for message in messages {
            do {
                try perform(message, until: .after(.seconds(20)))
                try relay.markSent([message.id], until: .after(.seconds(5)))
            } catch {
                logger.warning(
                    "a task is tried again later",
                    metadata: [
                        "task": "\(message.topic)", "orderId": "\(message.orderID)",
                        "error": "\(error)",
                    ]
                )
                try relay.postpone(message, because: "\(error)", until: .after(.seconds(5)))
            }
        }
        return messages.count
    }

    private func perform(_ message: OutboxRelay.Message, until deadline: Deadline) throws {
        switch OutboxMessage.Task(rawValue: message.topic) {
        case .discardUnseen:
            try discardUnseen(message.orderID, until: deadline)
        case .closeOrder:
            if case .underWay(let reason) = try closing.proceed(
                message.orderID,
                until: deadline,
                nil
            ) {
                throw NotYet(description: reason)
            }
        case .commitReservation:
            try commitReservation(of: message.orderID, until: deadline)
        case .verifyReservation:
            try verify(message.orderID, until: deadline)
        case .ensurePayment:
            // What has been closed meanwhile needs no payment, and its secret is told nobody.
            let order = try placement.store.find(message.orderID, until: deadline)
            guard order?.mayBePaid ?? false else { return }
            let started = try payments.ensure(message.orderID, until: deadline, nil)
            if started.isDegraded { throw NotYet(description: "Stripe did not answer") }
        case .endPayment:
            if case .undecided(let reason) = try closing.endPayment(
                of: message.orderID,
                until: deadline
            ) {
                throw NotYet(description: reason)
            }
        case nil:
            throw NotYet(description: "this version does not know the task")
        }
    }

    /// Ends an order that nobody was shown: first its stock, by a tombstone, then its rows.
    private func discardUnseen(_ orderID: Int64, until deadline: Deadline) throws {
        guard try placement.isUnseen(orderID, until: deadline) else { return }
        switch products.release(
            key: ReservationStore.key(of: orderID),
            until: deadline,
            nil
        )
        {
        case .executed: try placement.discard(orderID, until: deadline)
        case .notExecuted(let failure), .unknown(let failure):
            throw NotYet(description: failure.reason)
        }
    }

    private func verify(_ orderID: Int64, until deadline: Deadline) throws {
        if let failure = try verification.verify(orderID, until: deadline) {
            throw NotYet(description: failure.reason)
        }
    }

    /// Makes the stock of a sold order final; what was sold unreserved is reserved first.
    private func commitReservation(of orderID: Int64, until deadline: Deadline) throws {
        try verify(orderID, until: deadline)
        guard let reservation = try reservations.live(of: orderID, until: deadline),
            reservation.status == .held
        else { return }
        switch products.commit(key: reservation.key, until: deadline, nil) {
        case .executed(let stood):
            try reservations.set(
                stood ? .committed : .lost,
                of: orderID,
                reservation,
                until: deadline
            )
        case .notExecuted(let failure), .unknown(let failure):
            throw NotYet(description: failure.reason)
        }
    }
}
