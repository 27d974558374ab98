import Commerce
import MariaDB
import Web

/// Keeps goods here whose payment is disputed, or which a bank has warned of.
enum ShippingHold {
    /// Refuses to begin or to send, within the change of the order that would.
    ///
    /// - Throws: a `Problem` with `payment_disputed`, `MariaDBError`.
    static func check(
        _ event: FulfilmentEvent,
        of order: Order,
        in transaction: inout Transaction
    ) throws {
        guard event == .start || event == .ship else { return }
        guard order.paymentStatus == .disputed else {
            guard try DisputeStore.isWarned(order.id, in: &transaction) else { return }
            throw refusal("The bank warns that the payment is fraud; nothing is sent.")
        }
        throw refusal("The payment is disputed; nothing is sent.")
    }

    private static func refusal(_ detail: String) -> Problem {
        Problem(.conflict, "payment_disputed", detail)
    }
}
