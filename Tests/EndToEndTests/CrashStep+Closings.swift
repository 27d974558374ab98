import OrderServiceTesting
import Web

/// The steps that end orders before their time, and those that mend.
extension CrashStep {
    static var closings: [CrashStep] {
        [
            CrashStep(
                name: "cancel",
                victim: .serve,
                deaths: Death.commits(
                    "idempotency.claim",
                    "order.closing",
                    "payment.cancelled",
                    "reservation.released",
                    "order.cancelled",
                    "idempotency.finish"
                ) + Death.calls(cancelIntent, release),
                isAlone: true,
                prepare: placed,
                trigger: .request([200, 202]) { $0.request("cancel") },
                end: "cancelled cancelled released"
            ),
            CrashStep(
                name: "cancel a payment at the door",
                victim: .serve,
                deaths: Death.commits("payment.cancelled", "order.cancelled"),
                isAlone: true,
                prepare: { scene in
                    let visit = try ready(scene)
                    let call = visit.checkout.completion(method: "cash_on_delivery")
                    visit.learn(try scene.insist(on: [201], call))
                    try scene.wait("the stock's sale") {
                        try scene.order(of: visit.checkout.id)?.state
                            == "confirmed due_on_delivery committed"
                    }
                    return visit
                },
                trigger: .request([200, 202]) { $0.request("cancel") },
                // What was sold comes back by hand.
                end: "cancelled cancelled committed"
            ),
            CrashStep(
                name: "expire",
                victim: .worker,
                deaths: Death.commits(
                    "order.closing",
                    "payment.cancelled",
                    "reservation.released",
                    "order.expired",
                    "task.sent"
                ) + Death.calls(cancelIntent, release),
                prepare: placed,
                trigger: .event { try $0.expire($1.checkout.id) },
                end: "expired cancelled released"
            ),
            CrashStep(
                name: "expire while it is paid",
                victim: .worker,
                deaths: Death.commits("order.closing") + [.ahead(of: cancelIntent)],
                prepare: placed,
                trigger: .event { try $0.expire($1.checkout.id) },
                meanwhile: pay,
                end: paid
            ),
            CrashStep(
                name: "cancel while it is paid",
                victim: .serve,
                deaths: [.beside("after:order.closing"), .ahead(of: cancelIntent)],
                isAlone: true,
                prepare: placed,
                trigger: .request([200, 202]) { $0.request("cancel") },
                meanwhile: pay,
                end: "cancelled refunded released"
            ),
        ]
    }

    static var repairs: [CrashStep] {
        [
            CrashStep(
                name: "reserve what was sold unreserved",
                victim: .worker,
                deaths: Death.commits("reservation.held") + Death.calls(reserve),
                prepare: { scene in
                    try scene.addFault(reserve, "status", [("status", 503)])
                    let visit = try placed(scene)
                    try scene.stack.removeFaults()
                    return visit
                },
                trigger: .event { try $0.hasten("reservation.verify", of: $1.checkout.id) },
                follow: { scene, visit in
                    try scene.wait("the reservation") {
                        try scene.order(of: visit.checkout.id)?.state
                            == "awaiting_payment requires_payment_method held"
                    }
                    try pay(scene, visit)
                },
                end: paid
            )
        ]
    }
}
