/// How often something happened in the last whole seconds, this one included.
struct SecondCounts: Sendable {
    private var counts: [Int]
    private var sum = 0
    private var current: Int64

    init(seconds: Int, at now: MonotonicTime) {
        counts = Array(repeating: 0, count: seconds)
        current = now.nanoseconds / 1_000_000_000
    }

    mutating func add(at now: MonotonicTime) {
        advance(to: now)
        counts[Int(current % Int64(counts.count))] += 1
        sum += 1
    }

    mutating func total(at now: MonotonicTime) -> Int {
        advance(to: now)
        return sum
    }

    private mutating func advance(to now: MonotonicTime) {
        let second = now.nanoseconds / 1_000_000_000
        guard second > current else { return }
        for step in 0..<min(second - current, Int64(counts.count)) {
            let place = Int((second - step) % Int64(counts.count))
            sum -= counts[place]
            counts[place] = 0
        }
        current = second
    }
}
