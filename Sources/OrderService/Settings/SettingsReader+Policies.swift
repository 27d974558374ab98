import Resilience

extension SettingsReader {
    /// The policies of all dependencies: what they start from, changed by their settings, such as
    /// `attempts=3 openWait=30s`.
    mutating func policies() -> [Dependency: DependencyPolicy] {
        var policies: [Dependency: DependencyPolicy] = [:]
        for dependency in Dependency.allCases { policies[dependency] = policy(of: dependency) }
        return policies
    }

    /// The rules for fraud: their table, changed by settings.
    mutating func fraudPolicy() -> FraudPolicy {
        var policy = FraudPolicy()
        policy.reviewScore = count(.fraudReviewScore)
        policy.blockScore = count(.fraudBlockScore)
        let changed = optional(.fraudRules) { text throws(Fault) in
            var changed = policy
            do throws(FraudPolicy.Fault) {
                try changed.change(by: text)
            } catch {
                throw Fault(text: error.text)
            }
            return changed
        }
        return changed ?? policy
    }

    private mutating func policy(of dependency: Dependency) -> DependencyPolicy {
        let start = DependencyPolicy.start(of: dependency)
        return optional(dependency.setting) { text throws(Fault) in
            var policy = start
            var seen: Set<PolicyPart> = []
            for word in text.split(whereSeparator: { $0 == " " || $0 == "," }) {
                let part = try Self.change(&policy, by: word, of: dependency)
                guard seen.insert(part).inserted else {
                    throw Fault(text: "\(part.rawValue) is given twice")
                }
            }
            do throws(InvalidSetting) {
                try policy.validate(hasGuard: dependency.hasGuard)
            } catch {
                throw Fault(text: "\(error)")
            }
            return policy
        } ?? start
    }

    private static func change(
        _ policy: inout DependencyPolicy,
        by word: Substring,
        of dependency: Dependency
    ) throws(Fault) -> PolicyPart {
        guard let mark = word.firstIndex(of: "=") else {
            throw Fault(text: "«\(word)» is not part=value")
        }
        let value = String(word[word.index(after: mark)...])
        guard let part = PolicyPart(rawValue: String(word[..<mark])) else {
            throw Fault(text: "«\(word[..<mark])» is no part of a policy")
        }
        guard part.isOfBreaker || dependency.hasGuard else {
            throw Fault(text: "\(part.rawValue) does not apply to \(dependency.name)")
        }
        guard part.place.put(value, into: &policy) else {
            throw Fault(text: "\(part.rawValue) cannot be «\(value)»")
        }
        return part
    }
}
