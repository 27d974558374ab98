import Observability
import Resilience
import Web

/// The limits of look-ups by number and e-mail address, as their route uses them.
///
/// One trip to Redis, or a few where it is late; without it this process counts,
/// strictly. What is asked does not depend on whether there is such an order.
struct GuestLookUpLimiter: Sendable {
    private let limiter: RateLimiter
    private let limits: GuestLookUpLimits
    private let digests: GuestDigests
    private let accepted: Counter
    private let refusals: [String: Counter]

    init(
        limiter: RateLimiter,
        limits: GuestLookUpLimits,
        digests: GuestDigests,
        metrics: MetricsRegistry
    ) {
        self.limiter = limiter
        self.limits = limits
        self.digests = digests
        accepted = metrics.counter(
            "orderd_guest_lookups_total",
            help: "Look-ups by number and e-mail address that were taken."
        )
        refusals = Dictionary(
            uniqueKeysWithValues: GuestLookUpLimits.names.map { name in
                let counter = metrics.counter(
                    "orderd_guest_lookup_refusals_total",
                    help: "Look-ups that a limit had no room for.",
                    labels: ["limit": name]
                )
                return (name, counter)
            }
        )
    }

    /// Counts a look-up in all limits, or in none if one of them has no room.
    ///
    /// - Parameters:
    ///   - lookUp: which is counted once, by its id.
    ///   - number: the order number as it was typed, in one spelling.
    ///   - deadline: of the request.
    /// - Throws: a `Problem` with 429.
    func admit(
        _ lookUp: GuestLookUp,
        number: String,
        until deadline: Deadline
    ) throws(Problem) {
        let decision = limiter.reserve(
            lookUp.publicID,
            in: limits.limits(
                number: number,
                email: lookUp.emailDigest,
                network: lookUp.network,
                digests
            ),
            until: deadline
        )
        guard decision.isAdmitted else {
            for standing in decision.full {
                refusals[standing.limit.name]?.increment()
            }
            throw Problem(
                .tooManyRequests,
                "rate_limited",
                "There were too many look-ups; try again later.",
                fields: decision.fields
            )
        }
        accepted.increment()
    }
}
