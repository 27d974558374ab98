import Web

/// All state of the stand-ins: one value behind one lock.
struct World {
    /// A request as `GET /_state` shows it.
    struct LoggedRequest {
        let method: String
        let path: String
        let query: String
        let idempotencyKey: String?
        let at: Instant

        var json: JSON {
            [
                "method": .string(method),
                "path": .string(path),
                "query": .string(query),
                "idempotencyKey": JSON(idempotencyKey),
                "at": .string(at.rfc3339),
            ]
        }
    }

    private static let maximumLog = 10_000

    var random: RandomSource
    var account: StripeAccount
    var catalogue = Catalogue()
    var reservations = ReservationBook()
    var customers = Customers()
    /// What the scoring service takes every completion for, 0 to 100.
    var fraudScore: Int64 = 0
    var faults = FaultTable()
    var webhooks: WebhookSettings
    var queue = WebhookQueue()
    /// By how much the simulated clock is ahead of the real one.
    var clockOffset: Int64 = 0
    private(set) var log: [LoggedRequest] = []

    init(random: RandomSource, webhooks: WebhookSettings) {
        var random = random
        account = StripeAccount(random: RandomSource(seed: random.next()))
        self.random = random
        self.webhooks = webhooks
    }

    /// Lets everything happen that is due.
    mutating func advance(to now: Instant) {
        reservations.expire(by: now, &catalogue)
        account.advance(to: now)
        queueNewEvents(now)
    }

    /// Queues webhooks for the events that have happened since the last call.
    mutating func queueNewEvents(_ now: Instant) {
        let new = account.newEvents
        account.newEvents = []
        guard webhooks.url != nil else { return }
        for id in new {
            account.events[id]?.pendingWebhooks = 1
            let subject = account.events[id]?.subject ?? id
            queue.add(id, of: subject, copies: webhooks.duplicates, now: now)
        }
    }

    mutating func record(_ request: LoggedRequest) {
        log.append(request)
        if log.count > Self.maximumLog * 2 { log.removeFirst(Self.maximumLog) }
    }

    /// Forgets everything but, if asked for, the catalogue, whose stock is as it was loaded.
    mutating func reset(keepingCatalogue: Bool, webhooks: WebhookSettings) {
        var catalogue = keepingCatalogue ? catalogue : Catalogue()
        catalogue.restock()
        // The source of ids goes on, so that no id of before the reset is ever given again.
        self = World(random: random, webhooks: webhooks)
        self.catalogue = catalogue
    }

    /// What `GET /_state` answers.
    var state: JSON {
        [
            "products": .array(catalogue.products.map(\.json)),
            "reservations": .array(reservations.all.map(\.json)),
            "paymentIntents": .array(account.intents.all.map(\.json)),
            "charges": .array(account.charges.all.map(\.json)),
            "refunds": .array(account.refunds.all.map(\.json)),
            "disputes": .array(account.disputes.all.map(\.json)),
            "requests": .array(log.suffix(Self.maximumLog).map(\.json)),
        ]
    }
}
