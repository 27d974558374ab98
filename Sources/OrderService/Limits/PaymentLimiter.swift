import Observability
import Resilience
import Web

/// The limits of attempts to pay, as checkout and payments use them.
///
/// Each call makes one trip to Redis, a few where it is late, and does not fail:
/// without Redis the answer is a stricter one.
struct PaymentLimiter: Sendable {
    let limiter: RateLimiter
    private let limits: PaymentLimits
    private let refusals: [String: Counter]

    init(limiter: RateLimiter, limits: PaymentLimits, metrics: MetricsRegistry) {
        self.limiter = limiter
        self.limits = limits
        refusals = Dictionary(
            uniqueKeysWithValues: PaymentLimits.names.map { name in
                let counter = metrics.counter(
                    "orderd_limit_refusals_total",
                    help: "Attempts to pay that a limit had no room for.",
                    labels: ["limit": name]
                )
                return (name, counter)
            }
        )
    }

    /// Counts an attempt in all limits, or in none if one of them has no room.
    ///
    /// - Parameters:
    ///   - attempt: costs nothing if it has been counted before.
    ///   - deadline: of the request.
    /// - Returns: how far the attempt is within its limits.
    /// - Throws: a `Problem` with 429.
    @discardableResult
    func admit(
        _ attempt: LimitedAttempt,
        until deadline: Deadline
    ) throws(Problem) -> RateLimitDecision {
        let decision = limiter.reserve(
            attempt.member,
            in: limits.limits(of: attempt.payer),
            until: deadline
        )
        guard decision.isAdmitted else {
            for standing in decision.full { refusals[standing.limit.name]?.increment() }
            throw .rateLimited(decision)
        }
        return decision
    }

    /// Counts an attempt that has happened, whether or not there is room for it.
    ///
    /// - Returns: whether there was room.
    @discardableResult
    func count(_ attempt: LimitedAttempt, until deadline: Deadline) -> Bool {
        let decision = limiter.commit(
            attempt.member,
            in: limits.limits(of: attempt.payer),
            until: deadline
        )
        return !decision.isExceeded
    }

    /// Gives an attempt back that was not carried out.
    func giveBack(_ attempt: LimitedAttempt, until deadline: Deadline) {
        limiter.cancel(attempt.member, in: limits.limits(of: attempt.payer), until: deadline)
    }

    /// Notes that an attempt has brought the money: the customer's hour starts anew, and the
    /// address is free of it.
    func noteSuccess(of attempt: LimitedAttempt, until deadline: Deadline) {
        limiter.succeed(attempt.member, in: limits.limits(of: attempt.payer), until: deadline)
    }
}

extension PaymentLimiter {
    /// Registers what has been decided since the start.
    func registerMetrics(in metrics: MetricsRegistry) {
        let decisions: [(word: String, read: @Sendable (RateLimiter.Usage) -> Int)] = [
            ("admitted", { $0.admitted }), ("refused", { $0.refused }),
            ("repeated", { $0.repeated }),
        ]
        for (word, read) in decisions {
            metrics.counter(
                "orderd_limit_decisions_total",
                help: "Attempts to pay, by what the limits made of them.",
                labels: ["decision": word]
            ) { [limiter] in Double(read(limiter.usage)) }
        }
        metrics.counter(
            "orderd_limit_local_total",
            help: "Questions to the limits that were answered without Redis."
        ) { [limiter] in Double(limiter.usage.local) }
        metrics.gauge(
            "orderd_limit_untold_keys",
            help: "Customers and addresses of whose attempts to pay Redis has still to be told."
        ) { [limiter] in Double(limiter.backlog.keys) }
        metrics.counter(
            "orderd_limit_lost_keys_total",
            help: "Those whose attempts had to be forgotten before Redis was told."
        ) { [limiter] in Double(limiter.backlog.lost) }
    }
}

extension Problem {
    static func rateLimited(_ decision: RateLimitDecision) -> Problem {
        Problem(
            .tooManyRequests,
            "rate_limited",
            "There were too many attempts to pay; try again later.",
            fields: decision.fields
        )
    }
}
