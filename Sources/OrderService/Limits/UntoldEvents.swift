import Resilience

/// What became of the attempts of one key, for Redis, in the order in which it happened and is told.
struct UntoldEvents: Sendable {
    /// Events that are kept; older ones give way.
    private static let limit = 1_000

    private(set) var all: [UntoldEvent] = []
    private var nextID = 0

    var isEmpty: Bool { all.isEmpty }

    func isOutOfDate(after retention: Duration, at now: MonotonicTime) -> Bool {
        all.allSatisfy { now - $0.time >= retention }
    }

    mutating func append(
        _ kind: UntoldEvent.Kind,
        _ member: String,
        _ limits: [RateLimit],
        at now: MonotonicTime
    ) {
        all.append(UntoldEvent(id: nextID, kind: kind, member: member, time: now, limits: limits))
        nextID += 1
        if all.count > Self.limit { all.removeFirst() }
    }

    mutating func remove(_ event: UntoldEvent) {
        all.removeAll { $0 == event }
    }

    /// Whether the last that is to be told of an attempt is that it was given back.
    func givesBack(_ member: String) -> Bool {
        if case .givenBack? = all.last(where: { $0.member == member })?.kind { true } else { false }
    }

    func counts(_ member: String) -> Bool {
        all.contains { $0.member == member && $0.kind == .counted }
    }

    mutating func forget(after retention: Duration, at now: MonotonicTime) {
        all.removeAll { now - $0.time >= retention }
    }
}
