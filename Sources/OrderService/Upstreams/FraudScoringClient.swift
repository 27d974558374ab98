import Commerce
import Curl
import Resilience
import Signing
import Web

/// Asks another service how likely a completion is fraud.
///
/// It is told numbers, countries and keyed names, and nobody's address.
struct FraudScoringClient: Sendable {
    let upstream: Upstream
    /// Without a slash at the end.
    let baseURL: String

    /// The score of a completion, 0 to 100; nil if the service has no answer in time; blocks.
    func score(
        _ inputs: FraudInputs.Checkout,
        _ completion: FraudStore.Completion,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Int? {
        let name = "assess-\(completion.sessionID)-\(completion.sessionVersion)"
        guard let key = IdempotencyKey("\(name)-\(completion.paymentMethod.rawValue)") else {
            return nil
        }
        let body = Self.body(inputs, completion).serialized()
        let outcome = upstream.write(
            key,
            "assess",
            until: deadline,
            calls,
            request: { key in
                HTTPRequest(
                    method: .post,
                    url: baseURL + "/assess",
                    headers: [
                        "Content-Type": "application/json", "Idempotency-Key": key.description,
                    ],
                    body: body
                )
            },
            meaning: { answer -> Int? in
                guard answer.status == 200, let score = answer.json["score"]?.integer,
                    (0...100).contains(score)
                else { return nil }
                return Int(score)
            }
        )
        guard case .executed(let score) = outcome else { return nil }
        return score
    }

    /// What the service is told.
    static func body(
        _ inputs: FraudInputs.Checkout,
        _ completion: FraudStore.Completion
    ) -> JSON {
        func name(_ names: FraudFingerprints.Names) -> JSON {
            JSON(names.first.map { Hex.encode($0) })
        }
        return [
            "reference": .string(completion.sessionID),
            "paymentMethod": .string(completion.paymentMethod.rawValue),
            "email": name(completion.names.email),
            "network": name(completion.names.network),
            "delivery": name(completion.names.delivery),
            "inputs": FraudInputs.checkout(inputs).json,
        ]
    }
}
