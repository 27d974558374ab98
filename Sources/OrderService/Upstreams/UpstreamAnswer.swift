import Curl
import Resilience
import Web

/// An answer of another service, with its JSON; null where it has none.
struct UpstreamAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let json: JSON
    /// Whether an earlier try of the same call may be running still.
    var followsDoubt = false

    /// Whether Stripe repeats what it stored for the request's key.
    var isReplayed: Bool { headers["Idempotent-Replayed"] == "true" }

    /// Whether it refuses the request in words that the services we call have for that: the `code`
    /// of a problem, the `type` of Stripe's error.
    ///
    /// What stands between us says 404, too, and no more than that; credentials and limits are
    /// refused by whoever minds them.
    var isRefusal: Bool {
        switch status {
        case 401, 403, 429: true
        case 400..<500:
            json["code"]?.string != nil || json["error"]?["type"]?.string?.isEmpty == false
        default: false
        }
    }

    /// How long the service asks us to wait (RFC 9110, section 10.2.3, in seconds); nil if it
    /// does not, or names a date.
    var retryAfter: Duration? {
        guard let seconds = headers["Retry-After"].flatMap({ Int($0) }), seconds >= 0 else {
            return nil
        }
        return .seconds(seconds)
    }
}

/// Why a call to another service has no answer.
struct UpstreamFailure: Error, Sendable, Equatable {
    let dependency: Dependency

    /// One of a few words, for metrics and logs.
    let reason: String

    /// How long the next call is sure to be refused, if that is known.
    var retryAfter: Duration?

    /// Whether the cause is on this side, and says nothing of the other.
    var isOurs = false

    init(_ dependency: Dependency, _ reason: String, retryAfter: Duration? = nil) {
        self.dependency = dependency
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// Why HTTP brought no answer.
    init(_ dependency: Dependency, _ error: HTTPClientError) {
        self.init(dependency, "\(error.label)")
        switch error {
        case .poolExhausted, .deadlineExceeded, .malformedRequest: isOurs = true
        default: break
        }
    }

    /// What the guard says, in the caller's terms.
    init(_ failure: GuardFailure<UpstreamFailure>, of dependency: Dependency) {
        switch failure {
        case .call(let failure): self = failure
        case .open(let retryAfter): self.init(dependency, "open", retryAfter: retryAfter)
        default: self.init(dependency, "\(failure.label)")
        }
    }
}
