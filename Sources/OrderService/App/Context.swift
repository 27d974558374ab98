package import Observability
package import Resilience
import Synchronization
package import Web

/// What a handler knows of the request it answers.
package struct Context: Sendable {
    package let request: Request
    package let captures: Captures
    package let requestID: String
    package let deadline: Deadline
    package let principal: Principal
    package let calls: CallLog
    /// Whether the cache was asked just now for what is looked up, and does not have it.
    package var isKnownMissing = false
}

/// The calls to other services that one request made, for its log line.
///
/// It also holds the ids that go along with them.
package final class CallLog: Sendable {
    package let requestID: String
    /// The caller's `traceparent` (W3C Trace Context), passed on as it came.
    package let traceParent: String?
    /// By when all these calls have to have ended; nil for when the caller's own deadline says.
    package let deadline: Deadline?
    private let calls = Mutex<[UpstreamCall]>([])

    package init(
        requestID: String,
        traceParent: String? = nil,
        deadline: Deadline? = nil
    ) {
        self.requestID = requestID
        self.traceParent = traceParent
        self.deadline = deadline
    }

    package func append(_ call: UpstreamCall) {
        calls.withLock { $0.append(call) }
    }

    package var all: [UpstreamCall] { calls.withLock { $0 } }
}

/// The `traceparent` of W3C Trace Context, version 00.
enum TraceParent {
    /// The header's value if it has the form of the standard; nil otherwise.
    static func of(_ request: Request) -> String? {
        guard let bytes = request.parameters[.traceParent], bytes.count == 55 else { return nil }
        let lengths = bytes.split(separator: UInt8(ascii: "-")).map(\.count)
        let isHex = bytes.allSatisfy {
            (48...57).contains($0) || (97...102).contains($0) || $0 == UInt8(ascii: "-")
        }
        guard isHex, lengths == [2, 32, 16, 2] else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
