import MariaDB
import Resilience

extension Services {
    /// How long a look-up is kept after its end.
    private static let lookUpRetention = Duration.seconds(86_400)

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

    /// Removes what has been kept for long enough, a bounded number; blocks on MariaDB.
    ///
    /// - Returns: how many rows went.
    func removeOldGuestRows(limit: Int, until deadline: Deadline) throws -> Int {
        let now = clock.now
        let accesses = try guestAccesses.store.remove(
            before: now - settings.retention.guestAccesses,
            limit: limit,
            until: deadline
        )
        let lookUps = try guestLookUps.remove(
            before: now - Self.lookUpRetention,
            limit: limit,
            until: deadline
        )
        return accesses + lookUps
    }
}
