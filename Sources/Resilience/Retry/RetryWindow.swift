/// The calls and repetitions of the last 60 seconds.
struct RetryWindow: Sendable {
    private static let length = 60
    private let share: Double
    private let minimum: Int
    private var calls: SecondCounts
    private var repetitions: SecondCounts
    private var refusals = 0

    init(share: Double, minimum: Int, at now: MonotonicTime) {
        self.share = share
        self.minimum = minimum
        calls = SecondCounts(seconds: Self.length, at: now)
        repetitions = SecondCounts(seconds: Self.length, at: now)
    }

    mutating func noteCall(at now: MonotonicTime) {
        calls.add(at: now)
    }

    mutating func takeRepetition(at now: MonotonicTime) -> Bool {
        let usage = usage(at: now)
        guard usage.repetitions < usage.allowed else {
            refusals += 1
            return false
        }
        repetitions.add(at: now)
        return true
    }

    mutating func usage(at now: MonotonicTime) -> RetryBudget.Usage {
        let calls = calls.total(at: now)
        return RetryBudget.Usage(
            calls: calls,
            repetitions: repetitions.total(at: now),
            allowed: max(minimum, Int(Double(calls) * share)),
            refusals: refusals
        )
    }
}
