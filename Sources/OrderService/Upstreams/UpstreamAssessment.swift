import Curl
import Resilience
import Web

/// What the answers of other services say about them, and about a repetition.
///
/// | answer | breaker | repetition |
/// |---|---|---|
/// | not reached, no whole answer, unreadable, a 4xx in nobody's words | failure | yes |
/// | nothing was tried: no connection of ours was free, no time was left | ignored | no |
/// | 5xx | failure | of Stripe only if it says so: it stores a 500 and repeats it for its key |
/// | 5xx that Stripe repeats for its key | ignored: it is of another time | no |
/// | 429 `lock_timeout` of Stripe | success | yes: one object is busy, nothing else |
/// | other 429 | a pause as long as it asks, for everybody | no |
/// | 401, 403 | ignored | no |
/// | 409 `idempotency_key_in_use` of Stripe after a try of ours without answer | failure: it hangs with that try | no |
/// | the same otherwise | ignored: another request has the key, or had it | no |
/// | any other | success: a declined card says that Stripe is well | of Stripe if it says so |
///
/// (Stripe, «advanced error handling», «rate limits»; `Stripe-Should-Retry` overrides both ways,
/// but for a key in use, which is followed or given up, and for a pause.)
enum UpstreamAssessment {
    /// A pause where a 429 names none.
    private static let pause = Duration.seconds(1)

    static func assess(_ outcome: Outcome<UpstreamAnswer, UpstreamFailure>) -> Assessment {
        switch outcome {
        case .notExecuted(let failure) where failure.isOurs: Assessment(.ignored)
        case .notExecuted, .unknown: Assessment(.failure, retry: RetryAdvice(true))
        case .executed(let answer): assess(answer, isOfStripe: false)
        }
    }

    static func assessStripe(_ outcome: Outcome<UpstreamAnswer, UpstreamFailure>) -> Assessment {
        switch outcome {
        case .notExecuted(let failure) where failure.isOurs: Assessment(.ignored)
        case .notExecuted, .unknown: Assessment(.failure, retry: RetryAdvice(true))
        case .executed(let answer): assess(answer, isOfStripe: true)
        }
    }

    private static func assess(_ answer: UpstreamAnswer, isOfStripe: Bool) -> Assessment {
        let says = isOfStripe ? answer.headers["Stripe-Should-Retry"].map { $0 == "true" } : nil
        func advice(_ isWorthwhile: Bool) -> RetryAdvice {
            RetryAdvice(isWorthwhile, shouldRetry: says, after: answer.retryAfter)
        }
        switch answer.status {
        case 401, 403: return Assessment(.ignored)
        case 409 where answer.json["error"]?["code"]?.string == "idempotency_key_in_use":
            return Assessment(answer.followsDoubt ? .failure : .ignored)
        case 429 where answer.json["error"]?["code"]?.string == "lock_timeout":
            return Assessment(.success, retry: advice(true))
        case 429:
            return Assessment(.pause(answer.retryAfter ?? pause))
        case 500... where answer.isReplayed: return Assessment(.ignored)
        case 500...: return Assessment(.failure, retry: advice(!isOfStripe))
        default: return Assessment(.success, retry: advice(false))
        }
    }
}
