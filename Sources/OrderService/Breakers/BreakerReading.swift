package import MariaDB
package import Resilience
package import Web

/// What one breaker is like, as it is shown to operators and reported to other processes.
package struct BreakerReading: Sendable, Equatable {
    /// The order that holds the breaker in its mode.
    package struct Order: Sendable, Equatable {
        package let who: String
        package let reason: String
        /// By RFC 3339.
        package let expiresAt: String?
    }

    package let name: String
    package let state: BreakerState
    package let mode: BreakerMode
    /// In percent with two digits behind the point; nil while there are too few calls.
    package let failureRate: Double?
    package let slowRate: Double?
    package let calls: Int64
    package let failed: Int64
    package let slow: Int64
    package let notPermitted: Int64
    package let inFlight: Int64
    package let generation: Int64
    package let openings: Int64
    /// Rounded up; nil unless the breaker is open.
    package let remainingWaitSeconds: Int64?
    package let order: Order?

    /// Reads a breaker.
    ///
    /// - Parameters:
    ///   - name: of the dependency.
    ///   - snapshot: what the breaker says.
    ///   - expiresAt: when the order ends that the snapshot tells of, if it does.
    package init(name: String, _ snapshot: CircuitBreakerSnapshot, expiresAt: Timestamp?) {
        self.name = name
        state = BreakerState(snapshot.state)
        mode = BreakerMode(snapshot.state)
        failureRate = snapshot.failureRate.map(Self.twoDigits)
        slowRate = snapshot.slowRate.map(Self.twoDigits)
        calls = Int64(snapshot.counts.calls)
        failed = Int64(snapshot.counts.failed)
        slow = Int64(snapshot.counts.slow)
        notPermitted = snapshot.notPermitted
        inFlight = Int64(snapshot.inFlight)
        generation = Int64(clamping: snapshot.generation)
        openings = Int64(snapshot.openings)
        remainingWaitSeconds = snapshot.remainingWait.map { ($0.wholeMilliseconds + 999) / 1_000 }
        // An order to decide by itself has been carried out, and holds nothing.
        order =
            mode == .auto
            ? nil
            : snapshot.order.map {
                Order(who: $0.who, reason: $0.why, expiresAt: expiresAt?.rfc3339)
            }
    }

    private static func twoDigits(_ rate: Float) -> Double {
        (Double(rate) * 100).rounded() / 100
    }
}

extension BreakerReading {
    /// The members of the JSON form but for the name.
    package var members: [(name: String, value: JSON)] {
        [
            ("state", .string(state.rawValue)),
            ("mode", .string(mode.rawValue)),
            ("failureRate", failureRate.map(JSON.number) ?? .null),
            ("slowRate", slowRate.map(JSON.number) ?? .null),
            (
                "counts",
                ["calls": .integer(calls), "failed": .integer(failed), "slow": .integer(slow)]
            ),
            ("notPermitted", .integer(notPermitted)),
            ("inFlight", .integer(inFlight)),
            ("generation", .integer(generation)),
            ("openings", .integer(openings)),
            ("remainingWaitSeconds", JSON(remainingWaitSeconds)),
            ("order", order?.json ?? .null),
        ]
    }

    package var json: JSON { .object([("name", .string(name))] + members) }

    /// Reads the JSON form; nil if it is another one, such as that of another version.
    package init?(_ json: JSON) {
        guard let name = json["name"]?.string,
            let state = json["state"]?.string.flatMap(BreakerState.init(rawValue:)),
            let mode = json["mode"]?.string.flatMap(BreakerMode.init(rawValue:)),
            let calls = json["counts"]?["calls"]?.integer,
            let failed = json["counts"]?["failed"]?.integer,
            let slow = json["counts"]?["slow"]?.integer,
            let notPermitted = json["notPermitted"]?.integer,
            let inFlight = json["inFlight"]?.integer,
            let generation = json["generation"]?.integer,
            let openings = json["openings"]?.integer
        else { return nil }
        self.name = name
        self.state = state
        self.mode = mode
        failureRate = json["failureRate"]?.double
        slowRate = json["slowRate"]?.double
        self.calls = calls
        self.failed = failed
        self.slow = slow
        self.notPermitted = notPermitted
        self.inFlight = inFlight
        self.generation = generation
        self.openings = openings
        remainingWaitSeconds = json["remainingWaitSeconds"]?.integer
        order = json["order"].flatMap(Order.init)
    }
}

extension BreakerReading.Order {
    fileprivate var json: JSON {
        ["who": .string(who), "reason": .string(reason), "expiresAt": JSON(expiresAt)]
    }

    fileprivate init?(_ json: JSON) {
        guard let who = json["who"]?.string, let reason = json["reason"]?.string else {
            return nil
        }
        self.init(who: who, reason: reason, expiresAt: json["expiresAt"]?.string)
    }
}

extension JSON {
    fileprivate var double: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }
}
