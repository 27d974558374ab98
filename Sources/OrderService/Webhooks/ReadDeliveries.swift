import Resilience
import Synchronization
import Web

/// Deliveries that tell of the same payment, taken together and parsed.
struct ReadDeliveries: Sendable {
    /// A delivery and the object that its event tells of.
    struct Read: Sendable {
        let delivery: WebhookInbox.Delivery
        let object: JSON?
    }

    /// The payment's intent where the events name one, else the object or the event itself.
    let subject: String
    /// In the order in which they are due.
    let reads: [Read]
    /// By when they are applied, within their lease.
    let patience: Deadline

    /// Puts together what tells of the same payment.
    static func grouped(
        _ deliveries: [WebhookInbox.Delivery],
        until patience: Deadline
    ) -> [ReadDeliveries] {
        var subjects: [String] = []
        var reads: [String: [Read]] = [:]
        for delivery in deliveries {
            let object = (try? JSON(parsing: delivery.payload))?["data"]?["object"]
            let intentID = object?["payment_intent"]?.string
            let subject = intentID ?? object?["id"]?.string ?? delivery.eventID
            if reads[subject] == nil { subjects.append(subject) }
            reads[subject, default: []].append(Read(delivery: delivery, object: object))
        }
        return subjects.map {
            ReadDeliveries(subject: $0, reads: reads[$0] ?? [], patience: patience)
        }
    }
}

/// Which payments' deliveries are being applied, so that those of one payment never wait for each
/// other's locks.
final class DeliveriesUnderWay: Sendable {
    private let waiting = Mutex<[String: [ReadDeliveries]]>([:])

    /// Begins with deliveries, unless earlier ones of their payment are under way; these then wait
    /// for `next`.
    ///
    /// - Returns: whether they are to be applied now.
    func begin(_ group: ReadDeliveries) -> Bool {
        waiting.withLock { waiting in
            guard waiting[group.subject] == nil else {
                waiting[group.subject]?.append(group)
                return false
            }
            waiting[group.subject] = []
            return true
        }
    }

    /// What came of the same payment meanwhile; nil ends its turn.
    func next(after group: ReadDeliveries) -> ReadDeliveries? {
        waiting.withLock { waiting in
            guard let next = waiting[group.subject]?.first else {
                waiting[group.subject] = nil
                return nil
            }
            waiting[group.subject]?.removeFirst()
            return next
        }
    }
}
