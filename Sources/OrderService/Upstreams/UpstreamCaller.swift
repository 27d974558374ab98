import Curl
import Observability
import Resilience
import Web

/// Sends requests to one other service, and counts and times them.
struct UpstreamCaller: Sendable {
    /// Why a call has no answer, in a bounded word.
    struct Failure: Error, Sendable {
        let service: String
        let reason: String
    }

    /// An answer with its JSON; null where it has none.
    struct Answer: Sendable {
        let service: String
        let status: Int
        let headers: HTTPHeaders
        let json: JSON
    }

    let service: String
    let client: HTTPClient
    let metrics: UpstreamMetrics

    /// Sends one request; blocks until the answer is there or the deadline has passed.
    ///
    /// - Parameters:
    ///   - request: a write carries an idempotency key among its headers.
    ///   - operation: a bounded word for metrics and logs.
    ///   - deadline: of this one try.
    ///   - calls: where the request's log line finds the call.
    /// - Returns: `unknown` also for an answer that cannot be read: the request was carried out
    ///   or not, nobody can tell.
    func send(
        _ request: HTTPRequest,
        _ operation: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Answer, Failure> {
        var request = request
        if let calls {
            request.headers["X-Request-Id"] = calls.requestID
            if let trace = calls.traceParent { request.headers["traceparent"] = trace }
        }
        let start = ContinuousClock.now
        let outcome = read(client.perform(request, until: deadline))
        let duration = ContinuousClock.now - start
        let word: String
        switch outcome {
        case .executed(let answer): word = "\(answer.status / 100)xx"
        case .notExecuted: word = "not_executed"
        case .unknown: word = "unknown"
        }
        metrics.observe(service: service, operation: operation, outcome: word, duration)
        calls?.append(
            UpstreamCall(name: "\(service).\(operation)", duration: duration, outcome: word)
        )
        return outcome
    }

    private func read(
        _ outcome: Outcome<HTTPAnswer, HTTPClientError>
    ) -> Outcome<Answer, Failure> {
        switch outcome {
        case .notExecuted(let error):
            return .notExecuted(Failure(service: service, reason: "\(error.label)"))
        case .unknown(let error):
            return .unknown(Failure(service: service, reason: "\(error.label)"))
        case .executed(let answer):
            if answer.body.isEmpty {
                return .executed(
                    Answer(
                        service: service,
                        status: answer.status,
                        headers: answer.headers,
                        json: .null
                    )
                )
            }
            guard let json = try? JSON(parsing: answer.body) else {
                return .unknown(Failure(service: service, reason: "unreadable_answer"))
            }
            return .executed(
                Answer(service: service, status: answer.status, headers: answer.headers, json: json)
            )
        }
    }
}

extension Outcome where Answer == UpstreamCaller.Answer, Cause == UpstreamCaller.Failure {
    /// The meaning of an answer; one without a meaning, such as a 5xx, is unknown: nobody can
    /// tell what was done.
    func map<Value>(
        _ read: (UpstreamCaller.Answer) -> Value?
    ) -> Outcome<Value, UpstreamCaller.Failure> {
        switch self {
        case .notExecuted(let failure): return .notExecuted(failure)
        case .unknown(let failure): return .unknown(failure)
        case .executed(let answer):
            guard let value = read(answer) else {
                return .unknown(
                    UpstreamCaller.Failure(
                        service: answer.service,
                        reason: "status_\(answer.status)"
                    )
                )
            }
            return .executed(value)
        }
    }
}

/// Percent-encoding of what is put into paths, queries and forms (RFC 3986, unreserved only).
enum PercentEncoding {
    static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// A form body of fields in order.
    static func form(_ fields: [(name: String, value: String)]) -> [UInt8] {
        let pairs = fields.map { "\(encode($0.name))=\(encode($0.value))" }
        return Array(pairs.joined(separator: "&").utf8)
    }
}
