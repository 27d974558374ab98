/// What one state of a breaker has seen: a window of calls, and how many were refused.
struct CallWindow: Sendable {
    // One of the three; an enum would have its payload copied at each change.
    private var byCount: CountWindow?
    private var byTime: TimeWindow?
    private var byBoth: RecentWindow?

    /// Calls before rates exist.
    let minimumCalls: Int

    var notPermitted: Int64 = 0

    /// A window as configured, for a closed breaker.
    init(_ configuration: CircuitBreakerConfiguration, at now: MonotonicTime) {
        switch configuration.window {
        case .calls(let size):
            byCount = CountWindow(size: size)
            minimumCalls = min(configuration.minimumCalls, size)
        case .seconds(let size):
            byTime = TimeWindow(size: size, at: now)
            minimumCalls = configuration.minimumCalls
        case .recent(let calls, let seconds):
            byBoth = RecentWindow(size: calls, seconds: seconds)
            minimumCalls = min(configuration.minimumCalls, calls)
        }
    }

    /// A window of `size` calls: the probes of a half-open breaker, or nothing at all.
    init(calls size: Int, minimumCalls: Int) {
        byCount = CountWindow(size: size)
        self.minimumCalls = min(minimumCalls, size)
    }

    mutating func record(_ call: EndedCall, at now: MonotonicTime) {
        byCount?.record(call)
        byTime?.record(call, at: now)
        byBoth?.record(call, at: now)
    }

    /// What the window holds now.
    mutating func counts(at now: MonotonicTime) -> CallCounts {
        byTime?.advance(to: now)
        byBoth?.advance(to: now)
        return byCount?.counts ?? byTime?.counts ?? byBoth?.counts ?? CallCounts()
    }

    /// Whether `counts` suffice for rates.
    func suffices(_ counts: CallCounts) -> Bool {
        counts.calls > 0 && counts.calls >= minimumCalls
    }
}
