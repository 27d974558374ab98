/// Events that wait for their consumers: a bounded number, the newest being lost beyond it.
struct EventBacklog: Sendable {
    static let limit = 4_096

    private var events: [CircuitBreakerEvent] = []

    /// Events lost since the start because nobody took them in time.
    private(set) var lost: Int64 = 0

    /// False where there are no consumers.
    var isKept = true

    var isEmpty: Bool { events.isEmpty }

    mutating func append(_ event: CircuitBreakerEvent) {
        guard isKept else { return }
        guard events.count < Self.limit else {
            lost += 1
            return
        }
        events.append(event)
    }

    mutating func takeAll() -> [CircuitBreakerEvent] {
        guard !events.isEmpty else { return [] }
        defer { events = [] }
        return events
    }
}
