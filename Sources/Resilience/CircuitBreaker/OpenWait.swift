/// How long an open breaker waits, by how often it has opened in a row.
struct OpenWait: Sendable {
    private let first: Int64
    private let multiplier: Double
    private let cap: Int64
    private let jitter: Double
    // The last answer, since openings mostly come in a row.
    private var openings = 1
    private var milliseconds: Int64

    init(_ configuration: CircuitBreakerConfiguration) {
        first = configuration.openWait.wholeMilliseconds
        multiplier = configuration.openWaitMultiplier
        cap = configuration.openWaitCap.wholeMilliseconds
        jitter = configuration.openWaitJitter
        milliseconds = first
    }

    /// The wait of an opening, between `1 - jitter` of its length and all of it.
    ///
    /// - Parameters:
    ///   - opening: 1 for the first.
    ///   - chance: 0 up to 1.
    /// - Returns: nanoseconds, above 0.
    mutating func nanoseconds(opening: Int, chance: Double) -> Int64 {
        if opening < openings {
            openings = 1
            milliseconds = first
        }
        while openings < opening {
            let next = Int64(min(Double(milliseconds) * multiplier, Double(cap)))
            // At the cap, or where the fraction is cut off again, nothing changes any more.
            guard next > milliseconds else {
                openings = opening
                break
            }
            milliseconds = next
            openings += 1
        }
        let whole = min(milliseconds, cap) * 1_000_000
        guard jitter > 0 else { return whole }
        return whole - Int64(Double(whole) * jitter * chance)
    }
}
