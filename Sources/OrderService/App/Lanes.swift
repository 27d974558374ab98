package import Resilience

/// The lanes that requests wait on, apart from each other so that none delays another's kind.
package struct Lanes: Sendable {
    /// Threads that Dispatch gives at most is 255; beyond, an event waits for a blocked thread.
    static let maximumTotal = 200
    /// Storing a webhook takes a millisecond; a few suffice, as long as they are its own.
    static let webhookLanes = 4
    /// What else has a queue of its own in a process that serves: webhooks, four writers of
    /// answers, the record of staff with its callbacks, the breakers' events, their reports,
    /// revocations, the uses of sessions, the recovery of caches, and four loops for metrics and for
    /// guests' accesses.
    static let ownQueues = webhookLanes + 4 + 2 + 2 + 3 + 4

    package let read: LaneGroup
    package let request: LaneGroup
    package let webhook: LaneGroup

    /// Makes the groups.
    ///
    /// - Parameters:
    ///   - read: lanes for reads of MariaDB.
    ///   - request: lanes for writes and calls to other services.
    ///   - queueLimit: how many requests may wait for a lane of a group.
    package init(read: Int, request: Int, queueLimit: Int) {
        precondition(
            read + request + Self.ownQueues <= Self.maximumTotal,
            "Dispatch cannot run more than \(Self.maximumTotal) lanes without starving others"
        )
        self.read = LaneGroup(name: "read", lanes: read, queueLimit: queueLimit)
        self.request = LaneGroup(name: "request", lanes: request, queueLimit: queueLimit)
        self.webhook = LaneGroup(name: "webhook", lanes: Self.webhookLanes, queueLimit: queueLimit)
    }

    subscript(lane: Endpoint.Lane) -> LaneGroup {
        switch lane {
        case .read: read
        case .request: request
        case .webhook: webhook
        }
    }

    package var all: [LaneGroup] { [read, request, webhook] }
}
