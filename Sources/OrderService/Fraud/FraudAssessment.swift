import Web

/// What follows from the inputs of a decision: a pure function of them and the policy.
struct FraudAssessment: Sendable, Equatable {
    /// A rule that holds, with all that is needed to understand it later.
    struct Reason: Sendable, Equatable {
        let rule: FraudRule
        let weight: Int
        let threshold: Int64
        let value: Int64
    }

    let inputs: FraudInputs
    let reasons: [Reason]
    let score: Int
    let outcome: FraudOutcome
    private let reviewScore: Int
    private let blockScore: Int

    /// Adds up the weights of the rules that hold.
    ///
    /// - Parameters:
    ///   - inputs: what is known.
    ///   - policy: how it counts.
    ///   - waived: rules that somebody has looked at already and found harmless.
    init(of inputs: FraudInputs, by policy: FraudPolicy, waiving waived: Set<FraudRule> = []) {
        self.inputs = inputs
        reasons = FraudRule.allCases.compactMap { rule in
            guard rule.stage == inputs.stage, !waived.contains(rule),
                let value = inputs.measure(rule)
            else { return nil }
            let scale = policy[rule]
            guard scale.weight > 0, value >= scale.threshold else { return nil }
            return Reason(
                rule: rule,
                weight: scale.weight,
                threshold: scale.threshold,
                value: value
            )
        }
        score = reasons.reduce(0) { $0 + $1.weight }
        reviewScore = policy.reviewScore
        blockScore = policy.blockScore
        outcome =
            if inputs.stage == .checkout, score >= policy.blockScore {
                .block
            } else if score >= policy.reviewScore {
                .review
            } else {
                .allow
            }
    }

    /// The decision as it is kept: nothing else is needed to explain it.
    var document: JSON {
        [
            "version": JSON(FraudRule.version),
            "inputs": inputs.json,
            "reasons": .array(reasons.map(\.json)),
            "reviewScore": JSON(reviewScore),
            "blockScore": inputs.stage == .checkout ? JSON(blockScore) : .null,
        ]
    }
}

extension FraudAssessment.Reason {
    fileprivate var json: JSON {
        [
            "rule": .string(rule.rawValue), "weight": JSON(weight),
            "threshold": .integer(threshold), "value": .integer(value),
            "unit": .string(rule.specification.unit),
            "reason": .string(rule.specification.reason),
        ]
    }
}
