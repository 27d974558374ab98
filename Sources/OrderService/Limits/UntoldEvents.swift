import Resilience

/// What became of the attempts of one key, for Redis, in the order in which it happened.
///
/// What is kept of one attempt may be told in any order: Redis compares the times of an attempt and
/// its success, and nothing else stands beside a giving back.
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

    mutating func remove(_ kind: UntoldEvent.Kind, of member: String) {
        all.removeAll { $0.member == member && $0.kind == kind }
    }

    mutating func forget(after retention: Duration, at now: MonotonicTime) {
        all.removeAll { now - $0.time >= retention }
    }
}
