package import Resilience

extension Services {
    /// How often it is written down which sessions were used.
    private static let usePeriod = Duration.seconds(30)

    /// The loops beside the web side that learn what has ended elsewhere, write down which sessions are
    /// used, and let Redis be believed again.
    package func makeCredentialLoops() -> Worker {
        Worker(jobs: [
            Worker.Job(name: "revocations", pause: RevocationWatch.pause) { [revocationWatch] _ in
                revocationWatch.round()
                return 0
            },
            Worker.Job(name: "session_uses", pause: Self.usePeriod) { [sessions] deadline in
                sessions.writeUses(until: deadline)
                return 0
            },
            Worker.Job(name: "cache_recovery", pause: CacheRecovery.pause) {
                [cacheRecovery] deadline in
                cacheRecovery.round(until: deadline)
                return 0
            },
        ])
    }

    /// Writes down which sessions were used since the loop last did; blocks on MariaDB.
    package func writeSessionUses(until deadline: Deadline) {
        sessions.writeUses(until: deadline)
    }
}
