import OrderServiceTesting
import Web

/// The steps of cancelling many orders.
extension CrashStep {
    static var bulkCancels: [CrashStep] {
        [
            CrashStep(
                name: "ask for a bulk cancel",
                victim: .serve,
                deaths: Death.commits("idempotency.claim", "idempotency.finish"),
                prepare: placedForSupport,
                trigger: .request([202], cancelAll),
                end: "cancelled cancelled released"
            ),
            CrashStep(
                name: "carry a bulk cancel out",
                victim: .worker,
                deaths: Death.commits(
                    "bulk_cancel.leased",
                    "bulk_cancel.decided",
                    "payment.cancelled",
                    "reservation.released",
                    "order.cancelled"
                ) + Death.calls(cancelIntent, release),
                prepare: placedForSupport,
                trigger: .event { scene, visit in
                    _ = try scene.insist(on: [202], cancelAll(visit))
                },
                follow: awaitCancel,
                end: "cancelled cancelled released"
            ),
        ]
    }

    private static func placedForSupport(_ scene: CrashScene) throws -> Visit {
        let visit = try placed(scene)
        visit.financeToken = scene.stack.supportToken
        return visit
    }

    /// Cancels the order, and one that there is not.
    private static func cancelAll(_ visit: Visit) -> HTTPCall {
        let ids: JSON = [.integer(visit.orderID), 999_999_999]
        return .json(
            "POST",
            "/v1/orders/bulk/cancel",
            ["ids": ids, "reason": "a drill"],
            token: visit.financeToken
        ).with("Idempotency-Key", "all-\(visit.checkout.id)")
    }

    /// Hurries until the order has ended: whoever died had its closing for half a minute.
    private static func awaitCancel(_ scene: CrashScene, _ visit: Visit) throws {
        try scene.wait("the cancel", every: .milliseconds(50)) {
            try scene.stack.hastenTasks()
            return try scene.order(of: visit.checkout.id)?.state.hasPrefix("cancelled ") ?? false
        }
    }
}
