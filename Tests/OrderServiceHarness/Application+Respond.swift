import Dispatch
import Synchronization
package import Web

extension Application {
    /// The answer to a request; blocks the calling thread until it is there.
    ///
    /// An application that does not answer within a minute is a 500, so that a test fails instead
    /// of hanging.
    package func respond(to request: Request) -> Response {
        start(request).begun.wait() ?? Response(.internalServerError)
    }

    /// The answers to requests that come together, likewise.
    ///
    /// - Parameters:
    ///   - requests: what to answer.
    ///   - whenBegun: is done once all have been begun, before any is waited for.
    /// - Returns: an answer to each, in their order.
    package func respond(
        to requests: [Request],
        whenBegun: () -> Void = {}
    ) -> [Response] {
        var answers: [Int: AnswerBox] = [:]
        start(requests) { place, step in answers[place] = step.begun }
        whenBegun()
        return requests.indices.map { answers[$0]?.wait() ?? Response(.internalServerError) }
    }
}

extension Step {
    /// Begins to answer, as a worker does; tells where the answer will be.
    fileprivate var begun: AnswerBox {
        let box = AnswerBox()
        switch self {
        case .answer(let response): box.put(response)
        case .handOver(let begin): begin { box.put($0) }
        }
        return box
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
