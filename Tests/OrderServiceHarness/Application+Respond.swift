import Dispatch
import Synchronization
package import Web

extension Application {
    /// The answer to a request; blocks the calling thread until it is there.
    ///
    /// An application that does not answer within a minute is a 500, so that a test fails instead
    /// of hanging.
    package func respond(to request: Request) -> Response {
        start(request).response
    }

    /// The answers to requests that come together, likewise.
    package func respond(to requests: [Request]) -> [Response] {
        var steps: [Int: Step] = [:]
        start(requests) { place, step in steps[place] = step }
        return requests.indices.map { steps[$0]?.response ?? Response(.internalServerError) }
    }
}

extension Step {
    /// The answer; blocks the calling thread until it is there.
    fileprivate var response: Response {
        switch self {
        case .answer(let response):
            return response
        case .handOver(let begin):
            let box = AnswerBox()
            begin { box.put($0) }
            return box.wait() ?? Response(.internalServerError)
        }
    }
}

/// Where a reply is left for the thread that waits for it; only the first counts.
private final class AnswerBox: Sendable {
    private let arrival = DispatchSemaphore(value: 0)
    private let content = Mutex<Response?>(nil)

    func wait() -> Response? {
        _ = arrival.wait(timeout: .now() + 60)
        return content.withLock { $0 }
    }

    func put(_ response: Response) {
        content.withLock { $0 = $0 ?? response }
        arrival.signal()
    }
}
