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
                    .init("messages") { try sampler.run(until: $0) },
                    .init("bulk cancels") { try bulkCancels.run(until: $0) },
                    .init("in doubt") { try inDoubt.run(until: $0) },
                    .init("fraud") { try fraud.run(until: $0) },
                    .init("retention") { try retention.run(until: $0) },
                    .init("reconciliation") { try reconciliation?.run(until: $0) },
                    .init("catch-up") { try catchUp?.run(until: $0) },
                ]
            ),
            // It looks at some thousand keys, so not as often.
            Worker.Job(name: "cache_holdings", pause: .seconds(15)) { holdings.run(until: $0) },
            tellsOfLimits,
            Worker.Job(name: "guest_accesses", pause: .seconds(1)) { [guestAccesses] deadline in
                try guestAccesses.flush(until: deadline)
                // There is more as long as guests come; it goes in batches, a second apart.
                return 0
            },
        ])
    }
}

extension Worker.Job {
    /// One of several samples that are taken one after the other.
    struct Sample: Sendable {
        let name: String
        let take: @Sendable (Deadline) throws -> Void

        init(_ name: String, _ take: @escaping @Sendable (Deadline) throws -> Void) {
            self.name = name
            self.take = take
        }
    }

    /// Several samples, taken one after the other: one that fails keeps no other from being taken.
    static func samples(name: String, pause: Duration, _ samples: [Sample]) -> Self {
        Self(name: name, pause: pause) { deadline in
            var failures: [String] = []
            for sample in samples {
                do { try sample.take(deadline) } catch {
                    failures.append("\(sample.name): \(error)")
                }
            }
            if !failures.isEmpty {
                throw SamplesMissing(description: failures.joined(separator: "; "))
            }
            return 0
        }
    }

    /// Which samples could not be taken, and why.
    struct SamplesMissing: Error, CustomStringConvertible {
        let description: String
    }
}
