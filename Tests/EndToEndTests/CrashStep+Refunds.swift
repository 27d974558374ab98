import OrderServiceTesting
import Web

/// The steps by which money goes back.
extension CrashStep {
    static var refunds: [CrashStep] {
        [
            CrashStep(
                name: "refund",
                victim: .serve,
                deaths: Death.commits(
                    "idempotency.claim",
                    "refund.requested",
                    "refund.turn",
                    "refund.succeeded",
                    "idempotency.finish"
                ) + Death.calls(createRefund),
                isAlone: true,
                prepare: bought,
                trigger: .request([201]) { visit in
                    let refund: JSON = ["reason": "requested_by_customer"]
                    let path = "/v1/admin/orders/\(visit.orderID)/refunds"
                    return HTTPCall.json("POST", path, refund, token: visit.financeToken)
                        .with("Idempotency-Key", "refund-\(visit.checkout.id)")
                },
                follow: awaitRefund,
                end: "confirmed refunded committed"
            ),
            CrashStep(
                name: "give back what was called off",
                victim: .worker,
                deaths: Death.commits("refund.turn", "refund.succeeded", "task.sent")
                    + Death.calls(createRefund),
                prepare: bought,
                trigger: .event { scene, visit in
                    visit.learn(try scene.insist(on: [200, 202], visit.request("cancel")))
                },
                follow: awaitRefund,
                end: "cancelled refunded committed"
            ),
        ]
    }

    /// Hurries until the money is back: whoever died had the refund for half a minute.
    private static func awaitRefund(_ scene: CrashScene, _ visit: Visit) throws {
        try scene.wait("the refund", every: .milliseconds(50)) {
            try scene.stack.hastenTasks()
            return try scene.order(of: visit.checkout.id)?.state.contains(" refunded ") ?? false
        }
    }
}
