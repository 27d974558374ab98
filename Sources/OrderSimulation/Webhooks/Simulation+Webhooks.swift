import Resilience
import Synchronization
import Web

extension Simulation {
    /// Starts the threads that deliver webhooks.
    package func startDelivering() {
        mailbox.start { [self] in deliverDueWebhooks() }
    }

    /// Ends those threads after the deliveries they are at.
    package func stopDelivering() {
        mailbox.stop()
    }

    /// Delivers all webhooks that are due; blocks until they are answered.
    ///
    /// - Returns: how long until the next is due; nil if none waits.
    @discardableResult
    package func deliverDueWebhooks() -> Duration? {
        while let (delivery, message) = nextDelivery() {
            let succeeded = message.map(mailbox.send) ?? false
            finish(delivery, succeeded: succeeded)
        }
        let real = configuration.now()
        return world.withLock { world in
            guard !world.webhooks.isPaused, world.webhooks.url != nil,
                let due = world.queue.nextDue
            else { return nil }
            return .milliseconds(max(1, due.milliseconds - real - world.clockOffset))
        }
    }

    /// The next delivery, with its message unless it gets lost on the way.
    private func nextDelivery() -> (WebhookQueue.Delivery, WebhookMessage?)? {
        let real = configuration.now()
        let next = world.withLock {
            world -> (WebhookQueue.Delivery, Event, WebhookSettings, Bool)? in
            let now = Instant(milliseconds: real + world.clockOffset)
            let settings = world.webhooks
            guard !settings.isPaused, settings.url != nil,
                let delivery = world.queue.next(now: now, reordering: settings.reorders)
            else { return nil }
            guard let event = world.account.events[delivery.event] else {
                // Forgotten by the ledger: nothing is left to deliver.
                world.queue.finish(delivery, succeeded: true, now: now)
                return nil
            }
            if world.queue.hasNext(now: now) { mailbox.wake() }
            let isLost = world.random.happens(settings.dropProbability)
            return (delivery, event, settings, isLost)
        }
        guard let (delivery, event, settings, isLost) = next else { return nil }
        guard !isLost, let url = settings.url else { return (delivery, nil) }
        let message = WebhookMessage(
            url: url,
            body: event.json.serialized(),
            secrets: settings.secrets,
            seconds: real / 1_000
        )
        return (delivery, message)
    }

    private func finish(_ delivery: WebhookQueue.Delivery, succeeded: Bool) {
        let real = configuration.now()
        world.withLock { world in
            let now = Instant(milliseconds: real + world.clockOffset)
            world.queue.finish(delivery, succeeded: succeeded, now: now)
            if succeeded { world.account.events[delivery.event]?.pendingWebhooks = 0 }
        }
        // The others did not wait for its next attempt, and this thread may be held up by what it takes.
        if !succeeded { mailbox.wake() }
    }
}
