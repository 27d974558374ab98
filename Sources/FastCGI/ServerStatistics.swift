import Synchronization

/// A reading of the server's counters, for metrics; all but the first two count from the start.
package struct ServerStatistics: Sendable, Equatable {
    package var openConnections = 0
    package var requestsInFlight = 0
    package var acceptedConnections = 0
    package var requests = 0
    /// Answers that the web server did not take: it went away, or was too slow.
    package var failedAnswers = 0
    /// Requests given up by the web server before they were whole.
    package var abortedRequests = 0
    /// Replies that the application let go uncalled; each became a 500.
    package var forgottenReplies = 0
    /// Header fields left out because their value would have ended the line.
    package var droppedFields = 0
    /// Requests and connections turned away, by a bounded word.
    package var refusals: [String: Int] = [:]
}

/// The counters behind `ServerStatistics`.
final class ServerCounters: Sendable {
    let requestsInFlight = Atomic(0)
    let acceptedConnections = Atomic(0)
    let requests = Atomic(0)
    let failedAnswers = Atomic(0)
    let abortedRequests = Atomic(0)
    let forgottenReplies = Atomic(0)
    let droppedFields = Atomic(0)
    // Refusals are rare, so a lock and a dictionary will do.
    private let refusals = Mutex<[String: Int]>([:])

    /// Words for what is turned away outside the gate.
    enum Refused: String {
        case forbiddenPeer = "forbidden_peer"
        case tooManyConnections = "too_many_connections"
        case outOfDescriptors = "out_of_descriptors"
        case timedOut = "timed_out"
        case writersBusy = "writers_busy"
    }

    func count(_ refused: Refused) {
        count(refused.rawValue)
    }

    func count(_ word: String) {
        refusals.withLock { $0[word, default: 0] += 1 }
    }

    func statistics(openConnections: Int) -> ServerStatistics {
        ServerStatistics(
            openConnections: openConnections,
            requestsInFlight: requestsInFlight.load(ordering: .relaxed),
            acceptedConnections: acceptedConnections.load(ordering: .relaxed),
            requests: requests.load(ordering: .relaxed),
            failedAnswers: failedAnswers.load(ordering: .relaxed),
            abortedRequests: abortedRequests.load(ordering: .relaxed),
            forgottenReplies: forgottenReplies.load(ordering: .relaxed),
            droppedFields: droppedFields.load(ordering: .relaxed),
            refusals: refusals.withLock { $0 }
        )
    }
}

extension Atomic where Value == Int {
    /// Adds to a counter whose order against other memory does not matter.
    borrowing func add(_ amount: Int = 1) {
        wrappingAdd(amount, ordering: .relaxed)
    }
}
