import Commerce
import MariaDB
import Web

/// Keeps goods here whose payment is disputed or has gone back, or which a bank has warned of.
enum ShippingHold {
    /// Refuses to begin or to send, within the change of the order that would.
    ///
    /// - Throws: a `Problem` with `payment_disputed` or `illegal_transition`, `MariaDBError`.
    static func check(
        _ event: FulfilmentEvent,
        of order: Order,
        in transaction: inout Transaction
    ) throws {
        guard event == .start || event == .ship else { return }
        if order.paymentStatus == .refunded {
            throw Problem(
                .conflict,
                "illegal_transition",
                "All of the money has been given back; nothing is sent.",
                extensions: [
                    ("orderStatus", .string(order.status.rawValue)),
                    ("allowed", .array([.string(OrderEvent.cancel.rawValue)])),
                ]
            )
        }
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
