/// The rules of a circuit breaker, as a value: no lock, no clock, no I/O.
///
/// Each function takes the time and first lets happen what has become due since the last one, so
/// there are no timers that could fire after their state has ended. Each state that is entered is
/// a new generation; a result counts only in the generation of its permit.
struct CircuitBreakerMachine: Sendable {
    /// The right to make one call.
    struct Grant: Sendable {
        let generation: UInt64
        let start: MonotonicTime
        let place: InFlightCalls.Place
    }

    let configuration: CircuitBreakerConfiguration
    let slowLimit: Int64
    let lease: Int64?

    var state: CircuitBreakerState
    var generation: UInt64 = 0
    var window: CallWindow
    var inFlight = InFlightCalls()
    var freePermits = 0
    /// How often in a row the breaker has opened.
    var openings = 0
    var openWait: OpenWait
    /// An open breaker refuses up to this instant, and at it.
    var openUntil = MonotonicTime.never
    /// When time alone ends the state.
    var stateEnd = MonotonicTime.never
    /// When an order given by hand ends.
    var orderEnd = MonotonicTime.never
    /// The earliest of all that time alone brings.
    var nextDue = MonotonicTime.never
    var order: ManualOrder?
    var hasToldFailureRate = false
    var hasToldSlowRate = false
    var lastTime: MonotonicTime
    var random: SplitMix64
    var totals = CircuitBreakerTotals()
    /// What has happened and was not taken yet.
    var events = EventBacklog()

    /// Makes a machine in its initial state.
    ///
    /// - Parameters:
    ///   - configuration: a valid one.
    ///   - seed: of the jitter.
    ///   - now: the first instant; a later call with an earlier one is taken for this one.
    init(_ configuration: CircuitBreakerConfiguration, seed: UInt64, at now: MonotonicTime) {
        self.configuration = configuration
        slowLimit = configuration.slowCallDuration.wholeNanoseconds
        lease = configuration.halfOpenLease?.wholeNanoseconds
        state = .closed
        window = CallWindow(configuration, at: now)
        openWait = OpenWait(configuration)
        lastTime = now
        random = SplitMix64(seed: seed)
        if configuration.initialState != .closed {
            enter(configuration.initialState, .manual, at: now)
            events = EventBacklog()
            totals = CircuitBreakerTotals()
        }
    }

    /// Whether calls of the current state have to be watched while they run.
    var watchesCalls: Bool {
        switch state {
        case .closed, .metricsOnly: configuration.countsCallsInFlight
        case .halfOpen: lease != nil
        case .open, .disabled, .forcedOpen: false
        }
    }

    /// What the breaker is like now.
    mutating func snapshot(at time: MonotonicTime) -> CircuitBreakerSnapshot {
        let now = advance(to: time)
        let counts = window.counts(at: now)
        let hasRates = window.suffices(counts)
        return CircuitBreakerSnapshot(
            state: state,
            generation: generation,
            failureRate: hasRates ? counts.failureRate : nil,
            slowRate: hasRates ? counts.slowRate : nil,
            counts: counts,
            notPermitted: window.notPermitted,
            inFlight: inFlight.count,
            remainingWait: state == .open ? max(.zero, openUntil - now) : nil,
            openings: openings,
            order: order,
            totals: totals
        )
    }

    mutating func tell(
        _ kind: CircuitBreakerEvent.Kind,
        at time: MonotonicTime,
        _ counts: CallCounts = CallCounts()
    ) {
        events.append(
            CircuitBreakerEvent(
                kind: kind,
                time: time,
                generation: generation,
                counts: counts,
                order: order
            )
        )
    }
}
