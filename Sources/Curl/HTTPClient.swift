import CCurl
package import Resilience

/// Sends requests to other services over a bounded set of kept connections.
///
/// The outcome says what is certain about the service:
///
/// | outcome | means |
/// |---|---|
/// | `notExecuted` | no byte of the request was sent, in any try |
/// | `executed` | the whole answer was read, whatever its status |
/// | `unknown` | something was sent, and no whole answer was read in time |
///
/// A kept connection that the service closes just as a request is sent ends without an answer.
/// libcurl then sends the request again, once, on a new connection, without telling. That is let
/// happen for what may be sent twice: GET, HEAD, PUT and DELETE, and whatever carries an
/// `Idempotency-Key`. A POST or PATCH without one never uses a kept connection.
///
/// Redirects are not followed, proxies of the environment not used, certificates always verified.
package final class HTTPClient: Sendable {
    package typealias Usage = Pool<EasyHandle>.Usage

    private let configuration: HTTPClientConfiguration
    private let pool: Pool<EasyHandle>

    package init(_ configuration: HTTPClientConfiguration = HTTPClientConfiguration()) {
        self.configuration = configuration
        pool = Pool(size: configuration.poolSize, maximumWait: configuration.poolWait)
    }

    /// Sends a request and reads the answer; blocks the calling thread, at most until `deadline`.
    package func perform(
        _ request: HTTPRequest,
        until deadline: Deadline
    ) -> Outcome<HTTPAnswer, HTTPClientError> {
        if let flaw = request.flaw { return .notExecuted(.malformedRequest(flaw)) }
        guard !deadline.isExpired else { return .notExecuted(.deadlineExceeded) }
        guard let slot = try? pool.borrow(until: deadline) else {
            return .notExecuted(.poolExhausted)
        }
        defer { pool.giveBack(slot) }
        guard !deadline.isExpired else { return .notExecuted(.deadlineExceeded) }
        return outcome(of: request, in: slot, until: deadline)
    }

    package var usage: Usage { pool.usage }

    private func outcome(
        of request: HTTPRequest,
        in slot: Pool<EasyHandle>.Slot,
        until deadline: Deadline
    ) -> Outcome<HTTPAnswer, HTTPClientError> {
        let handle = slot.resource.take() ?? EasyHandle()
        let transfer = Transfer(maximumBodySize: configuration.maximumAnswerSize)
        let result = handle.perform(request, configuration, until: deadline, into: transfer)
        slot.resource = consume handle

        if result.code == CURLE_OK {
            // libcurl is content with a head that the end of the connection cut off, and with
            // one that only announced the answer.
            guard transfer.isHeadWhole, result.status >= 200 else {
                return .unknown(.connectionLost("the answer's head is not whole"))
            }
            return .executed(
                HTTPAnswer(
                    status: result.status,
                    headers: transfer.headers,
                    body: transfer.body,
                    duration: result.duration
                )
            )
        }
        let error =
            if let limit = transfer.exceededLimit {
                HTTPClientError.answerTooLarge(limit: limit)
            } else {
                HTTPClientError(result.code, wasSent: result.wasSent, message: result.message)
            }
        return result.wasSent ? .unknown(error) : .notExecuted(error)
    }
}
