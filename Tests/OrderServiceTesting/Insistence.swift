import Foundation

/// A client's request was not answered as it should for as long as a client can be asked to wait.
package struct TooLate: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension HTTPConnection {
    private static let pause = 0.02

    /// Sends a request as a client does whose connection broke: again and again, as it is, until
    /// it is answered with one of `statuses`.
    ///
    /// - Parameters:
    ///   - statuses: those that end it; all others are tried again.
    ///   - call: the request, with its idempotency key.
    ///   - patience: for how long.
    /// - Returns: the answer.
    /// - Throws: `TooLate` with the last answer.
    package func insist(
        on statuses: [Int],
        _ call: HTTPCall,
        for patience: Duration
    ) throws(TooLate) -> HTTPAnswer {
        var last = "\(call.method) \(call.target): no answer"
        let end = ContinuousClock.now + patience
        repeat {
            if let answer = try? send(call) {
                if statuses.contains(answer.status) { return answer }
                last = "\(UnexpectedAnswer(call, answer))"
            }
            Thread.sleep(forTimeInterval: Self.pause)
        } while ContinuousClock.now < end
        throw TooLate(last)
    }
}
