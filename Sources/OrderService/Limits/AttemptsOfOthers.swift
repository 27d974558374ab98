import Resilience

/// How many attempts of other processes Redis counts for the limits of one key, as far as it has said.
///
/// So that a silence of Redis does not open again what it has just refused. A count holds for the whole
/// window from its hearing on, though it is not known when the attempts were made: longer rather than
/// too short, and corrected by each answer.
struct AttemptsOfOthers: Sendable {
    private struct Heard {
        let count: Int
        let until: MonotonicTime
    }

    /// By the limit's name.
    private var heard: [String: Heard] = [:]

    var isEmpty: Bool { heard.isEmpty }

    func count(for limit: RateLimit) -> Int { heard[limit.name]?.count ?? 0 }

    /// How long a limit's count still holds; zero if there is none.
    func rest(of limit: RateLimit, at now: MonotonicTime) -> Duration {
        heard[limit.name].map { max(.zero, $0.until - now) } ?? .zero
    }

    /// Takes over what Redis counts for a limit beside what this process knows of.
    ///
    /// - Parameters:
    ///   - count: at least so many, but for what is being given back or has just succeeded; what is below
    ///     zero counts as none.
    ///   - limit: of which.
    ///   - isExact: whether there are no more than those: not while answers may be heard in another
    ///     order than Redis gave them.
    ///   - now: the time.
    mutating func note(_ count: Int, of limit: RateLimit, isExact: Bool, at now: MonotonicTime) {
        guard isExact || count > 0 && count >= self.count(for: limit) else { return }
        heard[limit.name] = count > 0 ? Heard(count: count, until: now + limit.window) : nil
    }

    /// Drops the count of a limit that starts anew.
    mutating func clear(_ limit: RateLimit) {
        heard[limit.name] = nil
    }

    /// Drops what no window holds any more.
    mutating func forget(at now: MonotonicTime) {
        guard !heard.isEmpty else { return }
        heard = heard.filter { $0.value.until > now }
    }
}
