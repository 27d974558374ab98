import Synchronization

/// Which answered requests are logged, and the line that each of them gets.
///
/// Writes are always logged. Look-ups are many and the web server logs them too, so of them only
/// the slow, the failed (5xx) and one in so many others get a line.
package final class AccessLog: Sendable {
    private let sink: LogSink
    private let slowLookUpNanoseconds: UInt64
    private let sampling: UInt64
    private let lookUps = Atomic<UInt64>(0)
    private let now: @Sendable () -> LogTime

    /// Makes the policy.
    ///
    /// - Parameters:
    ///   - sink: where lines go.
    ///   - slowLookUp: look-ups that take longer are always logged.
    ///   - sampling: every so many-th ordinary look-up is logged; 0 for none, 1 for all.
    ///   - now: the clock of the lines.
    package init(
        sink: LogSink = .standardError,
        slowLookUp: Duration = .milliseconds(100),
        sampling: Int = 1_000,
        now: @escaping @Sendable () -> LogTime = { .now }
    ) {
        precondition(sampling >= 0, "one in less than none makes no sense")
        self.sink = sink
        self.slowLookUpNanoseconds = slowLookUp.wholeNanoseconds
        self.sampling = UInt64(sampling)
        self.now = now
    }

    /// Whether a request is to be logged; counts ordinary look-ups, so ask once a request.
    package func shouldLog(isLookUp: Bool, status: Int, nanoseconds: UInt64) -> Bool {
        if !isLookUp || status >= 500 || nanoseconds > slowLookUpNanoseconds { return true }
        guard sampling > 0 else { return false }
        return lookUps.wrappingAdd(1, ordering: .relaxed).oldValue % sampling == 0
    }

    package func shouldLog(isLookUp: Bool, status: Int, duration: Duration) -> Bool {
        shouldLog(isLookUp: isLookUp, status: status, nanoseconds: duration.wholeNanoseconds)
    }

    /// Writes the line of a request into the calling thread's buffer, without the way through a
    /// logger.
    ///
    /// - Parameters:
    ///   - requestID: the id that the answer carries as well.
    ///   - method: the method's name.
    ///   - route: the route's pattern; never the path, which has ids in it.
    ///   - status: the answer's status.
    ///   - duration: the time from the request's arrival to its answer.
    ///   - upstreamCalls: the calls to other services that were made for it.
    package func write(
        requestID: String,
        method: String,
        route: String,
        status: Int,
        duration: Duration,
        upstreamCalls: [UpstreamCall] = []
    ) {
        let time = now()
        sink.write { line in
            line.begin(time: time, level: status >= 500 ? "warning" : "info")
            line.field("message", "request")
            line.field("logger", "access")
            line.field("requestId", requestID)
            line.field("method", method)
            line.field("route", route)
            line.field("status", status)
            line.field("durationMs", milliseconds: duration.wholeNanoseconds)
            if !upstreamCalls.isEmpty { line.upstreamCalls(upstreamCalls) }
            line.end()
        }
    }
}
