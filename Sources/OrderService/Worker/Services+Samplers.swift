import Resilience

extension Services {
    /// The loop that keeps the backlog's metrics fresh beside the web side.
    package func makeSampler() -> Worker {
        let sampler = BacklogSampler(
            database: database,
            inbox: inbox,
            clock: clock,
            metrics: metrics
        )
        let bulkCancels = BulkCancelSampler(
            store: bulkCancelStore,
            clock: clock,
            metrics: metrics
        )
        let inDoubt = InDoubtSampler(
            store: InDoubtStore(database: database),
            clock: clock,
            metrics: metrics
        )
        let fraud = FraudSampler(
            decisions: fraudStore,
            reviews: fraudReviewStore,
            clock: clock,
            metrics: metrics
        )
        let catchUp =
            settings.catchUp.interval > .zero
            ? CatchUpSampler(store: catchUpStore, clock: clock, metrics: metrics) : nil
        let reconciliation =
            settings.reconciliation.interval > .zero
            ? ReconciliationSampler(lease: reconciliationLease, clock: clock, metrics: metrics)
            : nil
        let retention = RetentionSampler(store: retentionStore, clock: clock, metrics: metrics)
        let holdings = CacheHoldingsSampler(cache: cache, metrics: metrics)
        let invoices = InvoiceSampler(database: database, clock: clock, metrics: metrics)
        return Worker(jobs: [
            // Apart and seldom: it counts all that the tax office has not accepted.
            Worker.Job(name: "invoices", pause: .seconds(60)) { deadline in
                try invoices.run(until: deadline)
                return 0
            },
            .samples(
                name: "backlog",
                pause: .seconds(5),
                [
                    { _ = try sampler.run(until: $0) },
                    { try bulkCancels.run(until: $0) },
                    { _ = try inDoubt.run(until: $0) },
                    { _ = try fraud.run(until: $0) },
                    { try retention.run(until: $0) },
                    { _ = try reconciliation?.run(until: $0) },
                    { _ = try catchUp?.run(until: $0) },
                ]
            ),
            // It looks at some thousand keys, so not as often.
            Worker.Job(name: "cache_holdings", pause: .seconds(15)) { holdings.run(until: $0) },
            Worker.Job(name: "guest_accesses", pause: .seconds(1)) { [guestAccesses] deadline in
                try guestAccesses.flush(until: deadline)
                // There is more as long as guests come; it goes in batches, a second apart.
                return 0
            },
        ])
    }
}

extension Worker.Job {
    /// Several samples, taken one after the other: one that fails keeps no other from being taken.
    fileprivate static func samples(
        name: String,
        pause: Duration,
        _ samples: [@Sendable (Deadline) throws -> Void]
    ) -> Self {
        Self(name: name, pause: pause) { deadline in
            var failure: (any Error)?
            for take in samples {
                do { try take(deadline) } catch { failure = failure ?? error }
            }
            if let failure { throw failure }
            return 0
        }
    }
}
