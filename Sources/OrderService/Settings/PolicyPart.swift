import Resilience

/// A part of a dependency's policy by the name that settings write, which is its property's.
package enum PolicyPart: String, Sendable, CaseIterable {
    case attemptTimeout
    case totalTimeout
    case minimumUsefulTime
    case attempts
    case backoffBase = "backoff.base"
    case backoffMultiplier = "backoff.multiplier"
    case backoffCap = "backoff.cap"
    case retryAfterCap
    case budgetShare
    case budgetMinimum
    case lanes
    case queueLimit
    case laneWait
    case window
    case minimumCalls
    case failureRateThreshold
    case slowRateThreshold
    case slowCallDuration
    case countsCallsInFlight
    case openWait
    case openWaitMultiplier
    case openWaitCap
    case openWaitJitter
    case serverWaitCap
    case halfOpenPermits
    case halfOpenLease
    case halfOpenTimeLimit

    /// Whether it belongs to the breaker, which all dependencies have.
    var isOfBreaker: Bool {
        switch self {
        case .attemptTimeout, .totalTimeout, .minimumUsefulTime, .attempts, .backoffBase,
            .backoffMultiplier, .backoffCap, .retryAfterCap, .budgetShare, .budgetMinimum, .lanes,
            .queueLimit, .laneWait:
            false
        default: true
        }
    }

    /// Where the part is in a policy, and how it is written.
    var place: PolicyPlace {
        switch self {
        case .attemptTimeout: .duration(\.guarding.attemptTimeout)
        case .totalTimeout: .duration(\.guarding.totalTimeout)
        case .minimumUsefulTime: .duration(\.guarding.minimumUsefulTime)
        case .attempts: .count(\.guarding.retry.attempts)
        case .backoffBase: .duration(\.guarding.retry.backoff.base)
        case .backoffMultiplier: .number(\.guarding.retry.backoff.multiplier)
        case .backoffCap: .duration(\.guarding.retry.backoff.cap)
        case .retryAfterCap: .duration(\.guarding.retry.retryAfterCap)
        case .budgetShare: .number(\.guarding.budgetShare)
        case .budgetMinimum: .count(\.guarding.budgetMinimum)
        case .lanes: .count(\.lanes)
        case .queueLimit: .count(\.queueLimit)
        case .laneWait: .duration(\.guarding.laneWait)
        case .window: .window(\.guarding.breaker.window)
        case .minimumCalls: .count(\.guarding.breaker.minimumCalls)
        case .failureRateThreshold: .percent(\.guarding.breaker.failureRateThreshold)
        case .slowRateThreshold: .percent(\.guarding.breaker.slowRateThreshold)
        case .slowCallDuration: .duration(\.guarding.breaker.slowCallDuration)
        case .countsCallsInFlight: .onOff(\.guarding.breaker.countsCallsInFlight)
        case .openWait: .duration(\.guarding.breaker.openWait)
        case .openWaitMultiplier: .number(\.guarding.breaker.openWaitMultiplier)
        case .openWaitCap: .duration(\.guarding.breaker.openWaitCap)
        case .openWaitJitter: .number(\.guarding.breaker.openWaitJitter)
        case .serverWaitCap: .duration(\.guarding.breaker.serverWaitCap)
        case .halfOpenPermits: .count(\.guarding.breaker.halfOpenPermits)
        case .halfOpenLease: .limit(\.guarding.breaker.halfOpenLease)
        case .halfOpenTimeLimit: .limit(\.guarding.breaker.halfOpenTimeLimit)
        }
    }

    /// What the README's table says of it.
    var help: String {
        switch self {
        case .attemptTimeout: "longest time of one try"
        case .totalTimeout: "of all tries and the waits between them"
        case .minimumUsefulTime: "no try begins with less time left"
        case .attempts: "tries in all, 1 to 10; 1 for no repetition"
        case .backoffBase: "longest wait before the second try,"
        case .backoffMultiplier: "times this before each further one,"
        case .backoffCap: "up to this; the wait itself is a random part"
        case .retryAfterCap: "the longest `Retry-After` that is waited for"
        case .budgetShare: "repetitions as a share of calls, 0 to 1,"
        case .budgetMinimum: "and those a minute that are always allowed"
        case .lanes: "calls at once, 1 to 100"
        case .queueLimit: "calls that may wait for a lane,"
        case .laneWait: "and how long"
        case .window: "the calls that count: so many last ones, within the last time, or both"
        case .minimumCalls: "calls before there are rates"
        case .failureRateThreshold: "failed calls, in percent, that open the breaker"
        case .slowRateThreshold: "slow calls, in percent, that open it"
        case .slowCallDuration: "a call is slow if it takes longer"
        case .countsCallsInFlight: "whether a call is slow as soon as it is, before it ends"
        case .openWait: "how long an open breaker refuses,"
        case .openWaitMultiplier: "times this with each opening in a row,"
        case .openWaitCap: "up to this,"
        case .openWaitJitter: "less up to this share of it, 0 to 1"
        case .serverWaitCap: "the longest pause that the other side may ask for"
        case .halfOpenPermits: "probes of a half-open breaker"
        case .halfOpenLease: "a probe without an answer for so long has failed"
        case .halfOpenTimeLimit: "a breaker half-open for so long opens again"
        }
    }
}
