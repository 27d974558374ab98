import MariaDB

extension Services {
    /// What compares our books with Stripe's and product-service's.
    package var reconciler: Reconciler {
        Reconciler(
            store: ReconciliationStore(database: database),
            inDoubt: InDoubtStore(database: database),
            stripe: stripe,
            products: products,
            fixer: ReconciliationFixer(
                ledger: ledger,
                settlement: settlement,
                refunds: refundSettlement,
                ending: closing.ending,
                closing: closing,
                reservations: reservations,
                products: products
            ),
            clock: clock,
            // What did not come by webhook is caught up with in so long.
            settling: max(
                .seconds(60),
                settings.catchUp.interval > .zero
                    ? settings.catchUp.interval + settings.catchUp.delay : .zero
            )
        )
    }

    var reconciliationLease: ReconciliationLease {
        ReconciliationLease(database: database, clock: clock, process: process)
    }

    func reconciliationJob(endingWith stopping: StopSignal) -> ReconciliationJob {
        var reconciler = reconciler
        reconciler.stopping = stopping
        return ReconciliationJob(
            lease: reconciliationLease,
            reconciler: reconciler,
            clock: clock,
            interval: settings.reconciliation.interval
        )
    }
}
