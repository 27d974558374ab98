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
/// Those of one subject are under way one after the other, others at the same time.
///
/// | attempt                   | 1 | 2   | 3   | 4    | 5     | 6   | 7   | 8    | 9    | 10   |
/// |---------------------------|---|-----|-----|------|-------|-----|-----|------|------|------|
/// | wait before it, simulated | 0 | 1 s | 5 s | 30 s | 5 min | 1 h | 6 h | 12 h | 24 h | 24 h |
struct WebhookQueue {
    /// One attempt to deliver one event.
    struct Delivery: Equatable {
        let event: String
        let subject: String
        /// 1 for the first.
        let attempt: Int
        /// An extra copy is sent once, whatever becomes of it.
        let isCopy: Bool
        let due: Instant
    }

    static let waits: [Int64] = [0, 1, 5, 30, 300, 3_600, 21_600, 43_200, 86_400, 86_400]

    private(set) var waiting: [Delivery] = []
    /// The subjects of the deliveries that are under way.
    private var underWay: Set<String> = []
    private(set) var delivered = 0
    private(set) var failedAttempts = 0

    var inFlight: Int { underWay.count }

    /// Queues an event for delivery now, with its extra copies.
    mutating func add(_ event: String, of subject: String, copies: Int64 = 0, now: Instant) {
        for number in 0...max(0, copies) {
            waiting.append(
                Delivery(
                    event: event,
                    subject: subject,
                    attempt: 1,
                    isCopy: number > 0,
                    due: now
                )
            )
        }
    }

    /// Takes the next delivery that may begin: the oldest, or the newest if `reordering`.
    mutating func next(now: Instant, reordering: Bool) -> Delivery? {
        let index =
            reordering
            ? waiting.lastIndex { mayBegin($0, now) } : waiting.firstIndex { mayBegin($0, now) }
        guard let index else { return nil }
        underWay.insert(waiting[index].subject)
        return waiting.remove(at: index)
    }

    /// Whether there is a delivery that may begin.
    func hasNext(now: Instant) -> Bool {
        waiting.contains { mayBegin($0, now) }
    }

    private func mayBegin(_ delivery: Delivery, _ now: Instant) -> Bool {
        delivery.due <= now && !underWay.contains(delivery.subject)
    }

    /// Ends an attempt; one that failed comes back later, unless it was the last.
    mutating func finish(_ delivery: Delivery, succeeded: Bool, now: Instant) {
        underWay.remove(delivery.subject)
        guard !succeeded else {
            delivered += 1
            return
        }
        failedAttempts += 1
        guard !delivery.isCopy, delivery.attempt < Self.waits.count else { return }
        waiting.append(
            Delivery(
                event: delivery.event,
                subject: delivery.subject,
                attempt: delivery.attempt + 1,
                isCopy: false,
                due: now.adding(seconds: Self.waits[delivery.attempt])
            )
        )
    }

    /// When the next delivery is due; whoever ends one looks for those of its subject by himself.
    var nextDue: Instant? {
        waiting.lazy.filter { !underWay.contains($0.subject) }.map(\.due).min()
    }
}
