import MariaDB
import Resilience

extension Services {
    /// The routes of guests' tokens, of look-ups and links, and of support for them.
    var guestEndpoints: [Endpoint] {
        let lookUps = GuestLookUpController(
            store: guestLookUps,
            limiter: GuestLookUpLimiter(
                // One of its own: a flood of look-ups must not fill the local log of payments.
                limiter: RateLimiter(redis: stateRedis, processes: settings.limits.processes),
                limits: settings.limits.guestLookUp,
                digests: guestDigests,
                metrics: metrics
            ),
            digests: guestDigests,
            guests: guests,
            clock: clock,
            life: settings.access.guestLookUpLife
        )
        return GuestController(guests: guests).endpoints + lookUps.endpoints
            + GuestDeskController(
                guests: guests,
                accesses: guestAccesses.store,
                orders: orders
            ).endpoints
    }

    /// The worker's part of look-ups.
    var guestLookUpJob: GuestLookUpJob {
        GuestLookUpJob(store: guestLookUps, digests: guestDigests, clock: clock)
    }
}
