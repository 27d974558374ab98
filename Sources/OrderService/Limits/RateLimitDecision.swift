package import Web

/// Whether an attempt is within its limits, and how far.
package struct RateLimitDecision: Sendable, Equatable {
    /// One limit after the attempt.
    package struct Standing: Sendable, Equatable {
        package let limit: RateLimit

        /// The count that holds here: less than the limit's own while Redis is away.
        package let count: Int

        /// Attempts that count now, this one included if it was admitted.
        package let used: Int

        /// Until this limit admits another attempt; zero if it would now.
        package let wait: Duration

        /// Until the oldest attempt no longer counts; zero without attempts.
        package let reset: Duration

        package var remaining: Int { max(0, count - used) }
    }

    /// Where the attempts were counted.
    package enum Source: String, Sendable {
        case redis
        /// In this process, strictly, because Redis did not answer.
        case local
    }

    package let isAdmitted: Bool

    /// Whether the attempt had been counted before, other than by a try of the same call.
    package let isRepeat: Bool

    package let standings: [Standing]
    package let source: Source

    /// Until all enforced limits admit an attempt: the longest of their waits.
    package var retryAfter: Duration {
        standings.filter(\.limit.isEnforced).map(\.wait).max() ?? .zero
    }

    /// Whether an enforced limit has more attempts than it allows, as after a decline that was
    /// counted without asking; a share of a limit says nothing of that.
    package var isExceeded: Bool {
        standings.contains { $0.limit.isEnforced && $0.used > $0.limit.count }
    }

    /// The limit that is nearest to its end.
    package var tightest: Standing? {
        standings.filter(\.limit.isEnforced).min {
            ($0.remaining, $1.wait) < ($1.remaining, $0.wait)
        }
    }

    /// The limits that have no room: of a refusal at least one.
    package var full: [Standing] {
        let full = standings.filter { $0.limit.isEnforced && $0.remaining == 0 }
        // Redis had room, and what was admitted here meanwhile has not.
        guard full.isEmpty, !isAdmitted, let tightest else { return full }
        return [tightest]
    }

    /// How long an answer without Redis is told to hold: with Redis there may be room.
    private static let localValidity = Duration.seconds(5)

    /// `RateLimit-Limit`, `-Remaining` and `-Reset` of the tightest limit, and for a refusal
    /// `Retry-After`; whole seconds, rounded up.
    package var fields: [Response.Field] {
        guard let tightest else { return [] }
        func seconds(_ duration: Duration) -> Int64 {
            (source == .local ? min(duration, Self.localValidity) : duration).wholeSecondsUp
        }
        var fields = [
            Response.Field("RateLimit-Limit", String(tightest.count)),
            Response.Field("RateLimit-Remaining", String(tightest.remaining)),
            Response.Field("RateLimit-Reset", String(seconds(tightest.reset))),
        ]
        if !isAdmitted {
            fields.append(Response.Field("Retry-After", String(max(1, seconds(retryAfter)))))
        }
        return fields
    }
}

extension Duration {
    fileprivate var wholeSecondsUp: Int64 {
        let (seconds, attoseconds) = components
        return attoseconds > 0 ? seconds + 1 : seconds
    }
}
