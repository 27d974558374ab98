import Resilience

extension Services {
    /// The background process: applies webhooks, relays the outbox, does tasks, cleans.
    package func makeWorker() -> Worker {
        let turns = makeTurns()
        let applier = WebhookApplier(
            inbox: inbox,
            stripe: stripe,
            payments: payments,
            settlement: settlement,
            refunds: refundReader,
            disputes: DisputeRecorder(
                stripe: stripe,
                store: DisputeStore(database: database),
                ledger: ledger,
                hold: settlement.hold
            ),
            turns: turns
        )
        let catchUp = CatchUpJob(
            store: catchUpStore,
            stripe: stripe,
            clock: clock,
            interval: settings.catchUp.interval,
            delay: settings.catchUp.delay,
            // A clock that differs more than this has all webhooks refused, which is noticed.
            overlap: settings.stripe.webhookTolerance
        )
        let events = relay(.event)
        let publisher = EventPublisher(
            relay: events,
            redis: stateRedis,
            streamLength: settings.retention.eventStreamLength
        )
        let invalidator = CacheInvalidator(
            relay: relay(.cache),
            orders: orders,
            cache: cache,
            recovery: cacheRecovery
        )
        let tasks = TaskRunner(
            relay: relay(.task),
            placement: placement,
            payments: paymentStarter,
            capture: paymentCapture,
            closing: closing,
            reservations: reservations,
            verification: verification,
            reservationExtension: reservationExtension,
            products: products,
            refunds: refundJobs,
            checkUp: fraudCheckUp,
            invoices: invoiceJobs,
            turns: turns
        )
        let stopping = StopSignal()
        let reconciliation = reconciliationJob(endingWith: stopping)
        let expiry = ExpiryJob(database: database, clock: clock, closing: closing)
        let taskJobs = OutboxMessage.TaskGroup.allCases.map { group in
            Worker.Job(
                name: "tasks-\(group.rawValue)",
                pause: .milliseconds(200),
                batch: TaskRunner.batch
            ) { deadline in
                try tasks.run(group, until: deadline)
            }
        }
        let otherJobs = [
            Worker.Job(
                name: "inbox",
                pause: .milliseconds(20),
                batch: WebhookApplier.batch,
                run: applier.run
            ),
            // Of each order the oldest event alone is taken, so that others may be left.
            Worker.Job(name: "events", pause: .milliseconds(200), run: publisher.run),
            Worker.Job(
                name: "cache",
                pause: .milliseconds(200),
                batch: CacheInvalidator.batch,
                run: invalidator.run
            ),
            Worker.Job(name: "catch_up", pause: .seconds(1), run: catchUp.run),
            Worker.Job(name: "reconcile", pause: .seconds(1), run: reconciliation.run),
            Worker.Job(name: "expiry", pause: .seconds(1)) { [fraudReviews] deadline in
                try expiry.run(until: deadline) + fraudReviews.endOverdue(until: deadline)
            },
            Worker.Job(
                name: "guest_lookups",
                pause: .milliseconds(200),
                run: guestLookUpJob.run
            ),
            Worker.Job(
                name: "bulk_cancels",
                pause: .milliseconds(200),
                batch: BulkCancelJob.atOnce,
                run: bulkCancelJob.run
            ),
            tellsOfLimits,
            Worker.Job(name: "retention", pause: .seconds(60), run: retentionJob.run),
        ]
        return Worker(jobs: otherJobs + taskJobs, stopping: stopping)
    }

    var catchUpStore: CatchUpStore {
        CatchUpStore(database: database, inbox: inbox, clock: clock, process: process)
    }

    private func relay(_ channel: OutboxMessage.Channel) -> OutboxRelay {
        OutboxRelay(database: database, clock: clock, channel: channel, process: process)
    }
}
