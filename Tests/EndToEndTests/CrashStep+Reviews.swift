import OrderServiceTesting
import Web

/// The steps of orders that somebody of the shop has to look at.
extension CrashStep {
    static let capture = "POST /stripe/v1/payment_intents/*/capture"

    /// Rules by which an order is looked at whose bill goes abroad, and no other one.
    static let reviewRules = [
        "FRAUD_REVIEW_SCORE": "1000", "FRAUD_BLOCK_SCORE": "1000000",
        "FRAUD_RULES": "countries_differ=1000",
    ]

    static var reviews: [CrashStep] {
        [
            CrashStep(
                name: "hold what is paid",
                victim: .worker,
                deaths: Death.commits("order.payment_review") + Death.calls(retrieve),
                prepare: suspicious,
                trigger: .event(pay),
                follow: { scene, visit in
                    try awaitReview(scene, visit)
                    _ = try scene.insist(on: [200, 202], decision("approve")(visit))
                },
                end: paid
            ),
            CrashStep(
                name: "approve",
                victim: .serve,
                deaths: Death.commits("fraud.approved", "payment.paid") + Death.calls(capture),
                isAlone: true,
                prepare: held,
                trigger: .request([200, 202], decision("approve")),
                end: paid
            ),
            CrashStep(
                name: "reject",
                victim: .serve,
                deaths: Death.commits(
                    "fraud.rejected",
                    "payment.cancelled",
                    "reservation.released"
                ) + Death.calls(cancelIntent, release),
                isAlone: true,
                prepare: held,
                trigger: .request([200, 202], decision("reject")),
                end: "rejected cancelled released"
            ),
            CrashStep(
                name: "reject what nobody decided in time",
                victim: .worker,
                deaths: Death.commits("fraud.timed_out", "payment.cancelled"),
                prepare: held,
                trigger: .event { try $0.endReviewTime(of: $1.checkout.id) },
                end: "rejected cancelled released"
            ),
        ]
    }

    /// A customer whose order waits for its payment, and whose bill goes abroad.
    private static func suspicious(_ scene: CrashScene) throws -> Visit {
        let visit = try ready(scene)
        let billing: JSON = [
            "name": "Ana Pop",
            "address": [
                "street": "Lange Str. 1", "city": "Berlin", "postalCode": "10115",
                "country": "DE",
            ],
        ]
        let change = HTTPCall.json(
            "PATCH",
            "/v1/checkout/sessions/\(visit.checkout.id)",
            ["billing": billing],
            token: visit.checkout.token
        )
        _ = try scene.insist(on: [200], change)
        visit.learn(try scene.insist(on: [201], visit.checkout.completion()))
        visit.financeToken = scene.stack.supportToken
        return visit
    }

    /// One whose money is held until somebody has looked.
    private static func held(_ scene: CrashScene) throws -> Visit {
        let visit = try suspicious(scene)
        try pay(scene, visit)
        try awaitReview(scene, visit)
        return visit
    }

    private static func awaitReview(_ scene: CrashScene, _ visit: Visit) throws {
        try scene.wait("the review") {
            visit.reviewID = try scene.review(of: visit.checkout.id) ?? 0
            return visit.reviewID > 0
        }
    }

    private static func decision(_ word: String) -> (Visit) -> HTTPCall {
        { visit in
            .json(
                "POST",
                "/v1/admin/fraud/reviews/\(visit.reviewID)",
                ["decision": .string(word), "reason": "a drill"],
                token: visit.financeToken
            )
        }
    }
}
