import Resilience

extension Services {
    private var orderReduction: OrderReduction { OrderReduction(ledger: ledger) }

    var retentionStore: RetentionStore { RetentionStore(database: database, clock: clock) }

    /// What keeps to the table of retention.
    var retentionJob: RetentionJob {
        RetentionJob(
            database: database,
            store: retentionStore,
            orders: orderReduction,
            clock: clock,
            periods: settings.retention
        )
    }

    /// Tells a person what is held of him.
    package var personalDataExport: PersonalDataExport {
        PersonalDataExport(
            database: database,
            cacheRedis: cacheRedis,
            stateRedis: stateRedis,
            limits: settings.limits.payment,
            clock: clock
        )
    }

    /// Forgets a person.
    package var erasure: Erasure {
        Erasure(
            orders: SubjectOrders(database: database),
            reduction: orderReduction,
            traces: ErasureStore(
                database: database,
                clock: clock,
                fingerprints: fraudFingerprints,
                guestDigests: guestDigests
            ),
            sessions: sessions,
            guests: guests,
            cache: cache,
            stateRedis: stateRedis,
            limits: settings.limits.payment,
            clock: clock,
            accounting: settings.retention.accounting
        )
    }
}
