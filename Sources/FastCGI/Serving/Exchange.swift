import Synchronization
import Web

/// Where the answer to a request goes.
struct Exchange: Sendable {
    let connection: Connection
    let id: UInt16
    /// Whether the connection may be used again afterwards.
    let keepsConnection: Bool
    /// Whether the request is a HEAD: the answer's body is not sent, its length is.
    let isHead: Bool
}

/// The application's obligation to answer a request that it took over.
final class ReplyToken: Sendable {
    private let loop: ResponderLoop
    private let exchange: Exchange
    private let requestID: String
    private let isAnswered = Atomic(false)
    // While the worker hands the request over, which waits for no peer.
    private let isOnWorker = Atomic(true)

    init(loop: ResponderLoop, exchange: Exchange, requestID: String) {
        self.loop = loop
        self.exchange = exchange
        self.requestID = requestID
    }

    /// Notes that the worker has handed the request over: whoever replies now may wait.
    func handedOver() {
        isOnWorker.store(false, ordering: .releasing)
    }

    /// Writes the answer on the calling thread; all calls but the first do nothing.
    func reply(_ response: Response) {
        guard !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else { return }
        loop.answer(response, exchange, mayWait: !isOnWorker.load(ordering: .acquiring))
    }

    deinit {
        guard !isAnswered.load(ordering: .acquiring) else { return }
        loop.counters.forgottenReplies.add()
        let problem = Problem(
            .internalServerError,
            "internal",
            "The request could not be answered."
        )
        let response = problem.response(requestID: requestID).with("X-Request-Id", requestID)
        // The last one to let it go may be a worker.
        loop.answer(response, exchange, mayWait: false)
    }
}
