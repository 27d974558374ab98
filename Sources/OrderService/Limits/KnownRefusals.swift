import Resilience

/// The limits that Redis has found used up, and for how long, as a value.
///
/// Without it, whoever was refused by all processes together would only have to wait until Redis is
/// away for a moment to be admitted by each of them again.
struct KnownRefusals: Sendable {
    /// Refusals kept at once; beyond it those that end first are forgotten.
    static let limit = 10_000

    /// Until when, by limit.
    private var ends: [String: MonotonicTime] = [:]

    /// Takes note of what Redis has decided.
    mutating func note(_ decision: RateLimitDecision, at now: MonotonicTime) {
        guard !decision.isAdmitted else { return forget(decision.standings.map(\.limit)) }
        for standing in decision.standings where standing.limit.isEnforced && standing.wait > .zero
        {
            ends[Self.key(standing.limit)] = now + standing.wait
        }
        guard ends.count > Self.limit else { return }
        ends = ends.filter { $0.value > now }
        guard ends.count > Self.limit else { return }
        // A tenth at once, so that a flood does not sort them for each that comes.
        let kept = ends.sorted { $0.value > $1.value }.prefix(Self.limit * 9 / 10)
        ends = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }

    /// The refusal of an attempt that one of its limits has no room for yet; nil if none is known.
    func refusal(by limits: [RateLimit], at now: MonotonicTime) -> RateLimitDecision? {
        let waits = limits.map { limit in
            limit.isEnforced ? ends[Self.key(limit)].map { max(.zero, $0 - now) } ?? .zero : .zero
        }
        guard waits.contains(where: { $0 > .zero }) else { return nil }
        return RateLimitDecision(
            isAdmitted: false,
            isRepeat: false,
            standings: zip(limits, waits).map { limit, wait in
                RateLimitDecision.Standing(
                    limit: limit,
                    count: limit.count,
                    used: wait > .zero ? limit.count : 0,
                    wait: wait,
                    reset: wait
                )
            },
            source: .local
        )
    }

    /// Forgets limits that may have room again.
    mutating func forget(_ limits: [RateLimit]) {
        guard !ends.isEmpty else { return }
        for limit in limits { ends[Self.key(limit)] = nil }
    }

    private static func key(_ limit: RateLimit) -> String { "\(limit.name) \(limit.key)" }
}
