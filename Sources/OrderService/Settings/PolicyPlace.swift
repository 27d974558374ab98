import Resilience

/// A place in a policy, with the form in which settings write what is there.
enum PolicyPlace {
    typealias Place<Value> = any WritableKeyPath<DependencyPolicy, Value> & Sendable

    case duration(Place<Duration>)
    /// A duration, or `never`.
    case limit(Place<Duration?>)
    case count(Place<Int>)
    case number(Place<Double>)
    case percent(Place<Float>)
    case onOff(Place<Bool>)
    case window(Place<CircuitBreakerConfiguration.Window>)

    /// What stands there, as a setting would write it.
    func text(in policy: DependencyPolicy) -> String {
        switch self {
        case .duration(let place): DurationText.text(of: policy[keyPath: place])
        case .limit(let place): policy[keyPath: place].map(DurationText.text(of:)) ?? "never"
        case .count(let place): String(policy[keyPath: place])
        case .number(let place): Self.shortest(policy[keyPath: place])
        case .percent(let place): Self.shortest(Double(policy[keyPath: place]))
        case .onOff(let place): policy[keyPath: place] ? "on" : "off"
        case .window(let place):
            switch policy[keyPath: place] {
            case .calls(let count): "\(count)calls"
            case .seconds(let count): "\(count)s"
            case .recent(let calls, let seconds): "\(calls)calls/\(seconds)s"
            }
        }
    }

    /// The duration that stands there; nil where it is something else, or `never`.
    func duration(in policy: DependencyPolicy) -> Duration? {
        switch self {
        case .duration(let place): policy[keyPath: place]
        case .limit(let place): policy[keyPath: place]
        case .count, .number, .percent, .onOff, .window: nil
        }
    }

    /// Puts what a setting wrote there.
    ///
    /// - Returns: false if the text has another form; nothing has changed then.
    func put(_ text: String, into policy: inout DependencyPolicy) -> Bool {
        switch self {
        case .duration(let place): Self.put(DurationText.duration(of: text), place, &policy)
        case .limit(let place):
            if text == "never" {
                Self.put(.some(nil), place, &policy)
            } else {
                Self.put(DurationText.duration(of: text).map { $0 }, place, &policy)
            }
        case .count(let place): Self.put(Int(text), place, &policy)
        case .number(let place): Self.put(Self.number(text), place, &policy)
        case .percent(let place): Self.put(Self.number(text).map { Float($0) }, place, &policy)
        case .onOff(let place): Self.put(["on": true, "off": false][text], place, &policy)
        case .window(let place): Self.put(Self.window(text), place, &policy)
        }
    }

    private static func put<Value>(
        _ value: Value?,
        _ place: Place<Value>,
        _ policy: inout DependencyPolicy
    ) -> Bool {
        guard let value else { return false }
        policy[keyPath: place] = value
        return true
    }

    private static func shortest(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e9 ? String(Int(number)) : String(number)
    }

    /// A decimal number; neither `nan` nor `inf`, which `Double` would take.
    private static func number(_ text: String) -> Double? {
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-") }) else {
            return nil
        }
        return Double(text)
    }

    private static func window(_ text: String) -> CircuitBreakerConfiguration.Window? {
        if let slash = text.firstIndex(of: "/") {
            guard case .calls(let calls)? = window(String(text[..<slash])),
                case .seconds(let seconds)? = window(String(text[text.index(after: slash)...]))
            else { return nil }
            return .recent(calls: calls, seconds: seconds)
        }
        if text.hasSuffix("calls") { return Int(text.dropLast(5)).map { .calls($0) } }
        guard let duration = DurationText.duration(of: text), duration.components.attoseconds == 0
        else { return nil }
        return .seconds(Int(duration.components.seconds))
    }
}
