/// Which signs weigh how much, and how much is too much: the table, changed by settings.
package struct FraudPolicy: Sendable, Equatable {
    struct Scale: Sendable, Equatable {
        var weight: Int
        var threshold: Int64
    }

    /// From this score on somebody has to look.
    var reviewScore = 50
    /// From this score on there is no order.
    var blockScore = 100
    private var changes: [FraudRule: Scale] = [:]

    static let weights = 0...1_000_000
    static let thresholds: ClosedRange<Int64> = 1...1_000_000_000_000

    init() {}

    /// Why a text is no change of the rules.
    struct Fault: Error {
        let text: String
    }

    /// How a rule counts here.
    subscript(rule: FraudRule) -> Scale {
        let start = rule.specification
        return changes[rule] ?? Scale(weight: start.weight, threshold: start.threshold)
    }

    /// Changes rules as a setting writes it: `velocity_email=30@6 new_customer=0`, each a weight
    /// and, after `@`, the threshold from which the rule holds; a weight of 0 turns it off.
    ///
    /// - Throws: `Fault` with the first word that cannot be.
    mutating func change(by text: String) throws(Fault) {
        for word in text.split(whereSeparator: { $0 == " " || $0 == "," }) {
            let parts = word.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Fault(text: "«\(word)» is not rule=weight@from") }
            guard let rule = FraudRule(rawValue: String(parts[0])) else {
                throw Fault(text: "«\(parts[0])» is no rule")
            }
            guard changes[rule] == nil else { throw Fault(text: "\(rule.rawValue) is given twice") }
            let values = parts[1].split(separator: "@", omittingEmptySubsequences: false)
            guard (1...2).contains(values.count), let weight = Int(values[0]),
                Self.weights.contains(weight)
            else { throw Fault(text: "\(rule.rawValue) cannot weigh «\(parts[1])»") }
            var scale = self[rule]
            scale.weight = weight
            if values.count == 2 {
                guard let threshold = Int64(values[1]), Self.thresholds.contains(threshold) else {
                    throw Fault(text: "\(rule.rawValue) cannot hold from «\(values[1])»")
                }
                scale.threshold = threshold
            }
            changes[rule] = scale
        }
    }
}
