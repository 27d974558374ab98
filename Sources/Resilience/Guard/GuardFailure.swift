/// Why a guarded call has no answer.
package enum GuardFailure<Cause: Error>: Error {
    /// The breaker refused; it is sure to do so for a while, if that is known.
    case open(retryAfter: Duration?)

    /// All lanes of the dependency are taken, and the queue is full.
    case busy

    /// The deadline leaves less than an attempt needs.
    case noTime

    /// No lane became free in time.
    case waitedTooLong

    /// The call went on past its deadline.
    case timedOut

    /// The call itself failed.
    case call(Cause)

    /// One of a few words, for metrics.
    package var label: StaticString {
        switch self {
        case .open: "open"
        case .busy: "busy"
        case .noTime: "no_time"
        case .waitedTooLong: "waited_too_long"
        case .timedOut: "timed_out"
        case .call: "call"
        }
    }
}

extension GuardFailure: Equatable where Cause: Equatable {}
