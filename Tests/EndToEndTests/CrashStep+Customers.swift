import OrderServiceTesting
import Web

/// The routes that steps call, and customers on the way to a step.
extension CrashStep {
    static let reserve = "POST /reservations"
    static let commit = "POST /reservations/*/commit"
    static let release = "POST /reservations/*/release"
    static let create = "POST /stripe/v1/payment_intents"
    static let retrieve = "GET /stripe/v1/payment_intents/*"
    static let cancelIntent = "POST /stripe/v1/payment_intents/*/cancel"
    static let createRefund = "POST /stripe/v1/refunds"

    static let paid = "confirmed paid committed"

    /// A customer whose checkout lacks nothing but its completion.
    static func ready(_ scene: CrashScene) throws -> Visit {
        Visit(try scene.stack.shopper().prepare(sku: CrashScene.sku))
    }

    /// One whose order waits for its payment.
    static func placed(_ scene: CrashScene) throws -> Visit {
        let visit = try ready(scene)
        visit.learn(try scene.insist(on: [201], visit.checkout.completion()))
        return visit
    }

    /// One whose order is paid, and its stock sold.
    static func bought(_ scene: CrashScene) throws -> Visit {
        let visit = try placed(scene)
        visit.financeToken = scene.stack.value("FINANCE_TOKEN")
        try pay(scene, visit)
        try scene.wait("the sale") { try scene.order(of: visit.checkout.id)?.state == paid }
        return visit
    }

    /// One whose order has no intent yet, because Stripe was away.
    static func degraded(_ scene: CrashScene) throws -> Visit {
        try scene.addFault(create, "status", [("status", 503)])
        let visit = try placed(scene)
        try scene.stack.removeFaults()
        return visit
    }

    /// One whose order nobody was shown, because `serve` died.
    static func abandoned(_ scene: CrashScene) throws -> Visit {
        let visit = try ready(scene)
        try scene.start(.serve, dyingAt: "after:order.made")
        _ = try? scene.stack.connect().send(visit.checkout.completion())
        try scene.wait("death") { scene.hasDied(.serve) }
        try scene.start(.serve)
        return visit
    }

    static func pay(_ scene: CrashScene, _ visit: Visit) throws {
        try scene.pay(visit.clientSecret)
    }

    /// Asks for the secret, as the browser does after a degraded start, and pays.
    static func ensureAndPay(_ scene: CrashScene, _ visit: Visit) throws {
        visit.learn(try scene.insist(on: [200], visit.request("payments")))
        try pay(scene, visit)
    }

    static func complete(by method: String) -> Trigger {
        .request([201]) { $0.checkout.completion(method: method) }
    }
}
