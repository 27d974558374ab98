import Web

/// How webhooks are delivered, set by `POST /_webhooks`.
struct WebhookSettings {
    var url: String?
    /// One signature for each, as while a secret is rolled.
    var secrets: [String]
    var isPaused = false
    /// How many extra copies of each delivery are sent.
    var duplicates: Int64 = 0
    /// Whether the newest goes first.
    var reorders = false
    /// How probable it is that an attempt gets lost on the way.
    var dropProbability = 0.0

    init(url: String?, secrets: [String]) {
        self.url = url
        self.secrets = secrets
    }
}

/// The webhooks that are due and those that will be tried again.
///
/// | attempt                   | 1 | 2   | 3   | 4    | 5     | 6   | 7   | 8    | 9    | 10   |
/// |---------------------------|---|-----|-----|------|-------|-----|-----|------|------|------|
/// | wait before it, simulated | 0 | 1 s | 5 s | 30 s | 5 min | 1 h | 6 h | 12 h | 24 h | 24 h |
struct WebhookQueue {
    /// One attempt to deliver one event.
    struct Delivery: Equatable {
        let event: String
        /// 1 for the first.
        let attempt: Int
        /// An extra copy is sent once, whatever becomes of it.
        let isCopy: Bool
        let due: Instant
    }

    static let waits: [Int64] = [0, 1, 5, 30, 300, 3_600, 21_600, 43_200, 86_400, 86_400]

    private(set) var waiting: [Delivery] = []
    private(set) var inFlight = 0
    private(set) var delivered = 0
    private(set) var failedAttempts = 0

    /// Queues an event for delivery now, with its extra copies.
    mutating func add(_ event: String, copies: Int64 = 0, now: Instant) {
        waiting.append(Delivery(event: event, attempt: 1, isCopy: false, due: now))
        for _ in 0..<max(0, copies) {
            waiting.append(Delivery(event: event, attempt: 1, isCopy: true, due: now))
        }
    }

    /// Takes the next delivery that is due: the oldest, or the newest if `reordering`.
    mutating func next(now: Instant, reordering: Bool) -> Delivery? {
        let index =
            reordering
            ? waiting.lastIndex { $0.due <= now } : waiting.firstIndex { $0.due <= now }
        guard let index else { return nil }
        inFlight += 1
        return waiting.remove(at: index)
    }

    /// Ends an attempt; one that failed comes back later, unless it was the last.
    mutating func finish(_ delivery: Delivery, succeeded: Bool, now: Instant) {
        inFlight -= 1
        guard !succeeded else {
            delivered += 1
            return
        }
        failedAttempts += 1
        guard !delivery.isCopy, delivery.attempt < Self.waits.count else { return }
        waiting.append(
            Delivery(
                event: delivery.event,
                attempt: delivery.attempt + 1,
                isCopy: false,
                due: now.adding(seconds: Self.waits[delivery.attempt])
            )
        )
    }

    /// When the next delivery is due.
    var nextDue: Instant? { waiting.map(\.due).min() }
}
