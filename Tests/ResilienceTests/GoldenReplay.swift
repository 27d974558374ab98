@testable import Resilience

/// Plays one recorded script against the machine and compares all that it says.
struct GoldenReplay {
    private let configuration: CircuitBreakerConfiguration
    private let start: Int64
    private var machine: CircuitBreakerMachine
    private var grants: [Int: CircuitBreakerMachine.Grant] = [:]

    init(_ configuration: CircuitBreakerConfiguration, start milliseconds: Int64) {
        self.configuration = configuration
        start = milliseconds
        machine = CircuitBreakerMachine(
            configuration,
            seed: 0,
            at: MonotonicTime(nanoseconds: milliseconds * 1_000_000)
        )
    }

    /// Carries an event out.
    ///
    /// - Returns: each field that differs, with what was expected and what came.
    mutating func play(_ line: GoldenLine) -> [String] {
        guard let operation = line.operation, let time = line.time else { return ["no event"] }
        let now = MonotonicTime(nanoseconds: (start + time) * 1_000_000)
        var permitted: Bool?
        var isIllegal: Bool?
        let lateBefore = machine.totals.late
        if operation == "acq" {
            let grant = machine.acquire(at: now)
            permitted = grant != nil
            if let grant, let call = line.call { grants[call] = grant }
        } else if let call = line.call {
            guard let grant = grants.removeValue(forKey: call) else { return ["no call \(call)"] }
            guard end(operation, grant, at: now) else { return ["unknown \(operation)"] }
        } else if operation != "tick" {
            guard let isLegal = order(operation, line, at: now) else {
                return ["unknown \(operation)"]
            }
            if !isLegal { isIllegal = true }
        }
        let isDropped: Bool? = machine.totals.late > lateBefore ? true : nil
        var differences = compareState(line, at: now)
        func compare<Value: Equatable>(_ name: String, _ expected: Value?, _ actual: Value?) {
            guard expected != actual else { return }
            differences.append(
                "\(name): \(String(describing: expected)) != \(String(describing: actual))"
            )
        }
        compare("p", line.isPermitted, permitted)
        compare("illegal", line.isIllegal, isIllegal)
        compare("dropped", line.isDropped, isDropped)
        compare("x", line.isCrossing, isDropped)
        let told = machine.events.takeAll().map(describe)
        compare("ev", line.events.map { $0.map(Told.init) } ?? [], told)
        return differences
    }

    private mutating func end(
        _ operation: String,
        _ grant: CircuitBreakerMachine.Grant,
        at now: MonotonicTime
    ) -> Bool {
        switch operation {
        case "ok", "nrec": machine.record(.success, of: grant, at: now)
        case "err": machine.record(.failure, of: grant, at: now)
        case "ign": machine.record(.ignored, of: grant, at: now)
        case "rel": machine.release(grant, at: now)
        default: return false
        }
        return true
    }

    /// Whether the transition was legal; nil for an operation that does not exist.
    private mutating func order(
        _ operation: String,
        _ line: GoldenLine,
        at now: MonotonicTime
    ) -> Bool? {
        let order = ManualOrder(who: "trace", why: operation)
        let modes: [String: ManualMode] = [
            "closed": .closed, "open": .open, "half": .halfOpen, "forced": .forcedOpen,
            "disabled": .disabled, "metrics": .metricsOnly,
            "openfor": .openFor(.milliseconds(line.wait ?? 0)),
        ]
        if operation == "reset" {
            machine.reset(by: order, at: now)
            return true
        }
        guard let mode = modes[operation] else { return nil }
        do {
            try machine.set(mode, by: order, at: now)
            return true
        } catch {
            return false
        }
    }

    private mutating func compareState(_ line: GoldenLine, at now: MonotonicTime) -> [String] {
        let snapshot = machine.snapshot(at: now)
        var differences: [String] = []
        func compare<Value: Equatable>(_ name: String, _ expected: Value?, _ actual: Value) {
            guard expected != actual else { return }
            differences.append("\(name): \(String(describing: expected)) != \(actual)")
        }
        compare("st", line.state, snapshot.state.traceName)
        compare("fr", line.failureRate, snapshot.failureRate ?? -1)
        compare("sr", line.slowRate, snapshot.slowRate ?? -1)
        compare("n", line.calls, snapshot.counts.calls)
        compare("nf", line.failed, snapshot.counts.failed)
        compare("ns", line.slow, snapshot.counts.slow)
        compare("nsf", line.slowFailed, snapshot.counts.slowFailed)
        compare("np", line.notPermitted, snapshot.notPermitted)
        return differences
    }

    /// An event in the words of the traces; a rate is compared as a number.
    struct Told: Equatable {
        let word: String
        let rate: Float?

        init(word: String, rate: Float? = nil) {
            self.word = word
            self.rate = rate
        }

        init(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0] == "F" || parts[0] == "L", let rate = Float(parts[1]) {
                self.init(word: String(parts[0]), rate: rate)
            } else {
                self.init(word: text)
            }
        }
    }

    private func describe(_ event: CircuitBreakerEvent) -> Told {
        switch event.kind {
        case .succeeded: return Told(word: "S")
        case .failed: return Told(word: "E")
        case .ignored: return Told(word: "I")
        case .notPermitted: return Told(word: "N")
        case .reset: return Told(word: "R")
        case .failureRateExceeded(let rate): return Told(word: "F", rate: rate)
        case .slowRateExceeded(let rate): return Told(word: "L", rate: rate)
        case .transition(let from, let to, let cause):
            let words = "\(from.traceName)>\(to.traceName)"
            let isTimed =
                cause == .halfOpenTimeLimit
                || cause == .waitOver && configuration.opensHalfAutomatically
            guard isTimed else { return Told(word: words) }
            return Told(word: "@\(event.time.nanoseconds / 1_000_000 - start):\(words)")
        }
    }
}
