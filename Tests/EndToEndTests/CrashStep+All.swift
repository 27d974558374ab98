import OrderServiceTesting
import Web

/// The steps of the flow; a new one is an element of `all`.
extension CrashStep {
    static var all: [CrashStep] {
        completions + payments + successes + closings + refunds + repairs + reviews + bulkCancels
    }

    private static var completions: [CrashStep] {
        [
            CrashStep(
                name: "complete by card",
                victim: .serve,
                deaths: Death.commits(
                    "idempotency.claim",
                    "order.made",
                    "order.placed",
                    "payment.requires_payment_method",
                    "idempotency.finish"
                ) + Death.calls(reserve, create),
                prepare: ready,
                trigger: complete(by: "card"),
                follow: pay,
                end: paid
            ),
            CrashStep(
                name: "complete in cash",
                victim: .serve,
                deaths: Death.commits("order.made", "order.placed", "idempotency.finish")
                    + Death.calls(reserve),
                prepare: ready,
                trigger: complete(by: "cash_on_delivery"),
                end: "confirmed due_on_delivery committed"
            ),
            CrashStep(
                name: "complete without Stripe",
                victim: .serve,
                deaths: Death.commits("payment.requires_retry"),
                prepare: { scene in
                    try scene.addFault(create, "status", [("status", 503)])
                    return try ready(scene)
                },
                trigger: complete(by: "card"),
                follow: ensureAndPay,
                end: paid
            ),
            CrashStep(
                name: "complete what is sold out",
                victim: .serve,
                deaths: Death.commits("order.discarded") + Death.calls(reserve),
                prepare: { scene in
                    Visit(try scene.stack.shopper().prepare(sku: CrashScene.soldOut))
                },
                trigger: .request([409]) { $0.checkout.completion() },
                end: nil
            ),
            CrashStep(
                name: "end an order that nobody was shown",
                victim: .worker,
                deaths: Death.commits("order.discarded", "task.sent") + Death.calls(release),
                prepare: abandoned,
                trigger: .event { try $0.hasten("order.discard_unseen", of: $1.checkout.id) },
                // The session is open still: the same key makes a new order.
                follow: { scene, visit in
                    try scene.wait("the old order's end") {
                        try scene.order(of: visit.checkout.id) == nil
                    }
                    visit.learn(try scene.insist(on: [201], visit.checkout.completion()))
                    try pay(scene, visit)
                },
                end: paid
            ),
        ]
    }

    private static var payments: [CrashStep] {
        [
            CrashStep(
                name: "ensure a payment",
                victim: .serve,
                deaths: Death.commits(
                    "idempotency.claim",
                    "payment.requires_payment_method",
                    "idempotency.finish"
                ) + Death.calls(create),
                prepare: degraded,
                trigger: .request([200]) { $0.request("payments") },
                follow: pay,
                end: paid
            ),
            CrashStep(
                name: "give up a key with a stored failure",
                victim: .serve,
                deaths: Death.commits("payment.key_given_up"),
                prepare: { scene in
                    try scene.addFault(
                        create,
                        "status",
                        [("status", 500), ("stored", true), ("times", 1)]
                    )
                    return try placed(scene)
                },
                trigger: .request([200]) { $0.request("payments") },
                follow: pay,
                end: paid
            ),
            CrashStep(
                name: "pay anew after a closed payment",
                victim: .serve,
                deaths: Death.commits("payment.requires_retry", "payment.requires_payment_method")
                    + Death.calls(create),
                prepare: { scene in
                    let visit = try placed(scene)
                    try scene.cancelAtProvider(visit.clientSecret)
                    try scene.wait("the payment's end") {
                        try scene.order(of: visit.checkout.id)?.state
                            == "awaiting_payment cancelled held"
                    }
                    return visit
                },
                trigger: .request([200]) { $0.request("payments") },
                follow: pay,
                end: paid
            ),
            CrashStep(
                name: "start a payment that Stripe did not answer",
                victim: .worker,
                deaths: Death.commits("payment.requires_payment_method", "task.sent")
                    + Death.calls(create),
                prepare: degraded,
                trigger: .event { try $0.hasten("payment.ensure", of: $1.checkout.id) },
                follow: ensureAndPay,
                end: paid
            ),
        ]
    }

    private static var successes: [CrashStep] {
        [
            CrashStep(
                name: "receive a webhook",
                victim: .serve,
                deaths: Death.commits("inbox.stored"),
                prepare: placed,
                trigger: .event(pay),
                end: paid
            ),
            CrashStep(
                name: "settle a success",
                victim: .worker,
                deaths: Death.commits(
                    "inbox.leased",
                    "payment.paid",
                    "inbox.applied",
                    "task.leased",
                    "reservation.committed",
                    "invoice.issued",
                    "task.sent",
                    "event.leased",
                    "event.sent",
                    "cache.sent"
                ) + Death.calls(retrieve, commit),
                prepare: placed,
                trigger: .event(pay),
                end: paid
            ),
            CrashStep(
                name: "come back from paying",
                victim: .serve,
                deaths: Death.commits("payment.paid") + Death.calls(retrieve),
                prepare: { scene in
                    try scene.pauseWebhooks(true)
                    let visit = try placed(scene)
                    try pay(scene, visit)
                    return visit
                },
                trigger: .request([200]) { $0.request("payments/refresh") },
                follow: { scene, _ in try scene.pauseWebhooks(false) },
                end: paid
            ),
        ]
    }
}
