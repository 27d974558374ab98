import Dispatch
import Synchronization

/// Refuses calls to a service that is ill, so that nobody waits for it and it can recover.
///
///     let permit = try breaker.acquire()
///     let answer = call()
///     permit.end(answer.isWell ? .success : .failure)
///
/// Nothing here blocks but for the lock around the machine's arithmetic.
package final class CircuitBreaker: Sendable {
    /// The breaker refuses the call, which then has not been made.
    package struct Refused: Error, Equatable {
        package let state: CircuitBreakerState

        /// How long it is sure to refuse still; nil if nobody knows.
        package let retryAfter: Duration?
    }

    package typealias Consumer = @Sendable (_ name: String, CircuitBreakerEvent) throws -> Void

    struct State {
        var machine: CircuitBreakerMachine
        var isDelivering = false
        var failedDeliveries: Int64 = 0
    }

    package let name: String
    let state: Lock<State>
    let clock: MonotonicClock
    let consumers: [Consumer]
    let queue: DispatchQueue

    // One queue for the events of all breakers; serial, so it holds one thread at most.
    static let events = DispatchQueue(label: "circuit-breaker-events")

    /// Makes a breaker.
    ///
    /// - Parameters:
    ///   - name: of the dependency, for events and metrics.
    ///   - configuration: is validated here.
    ///   - clock: the time.
    ///   - seed: of the jitter; by chance unless given.
    ///   - consumers: get each event in order on a queue of their own; what they throw is
    ///     counted, and while they block, events wait, up to a limit.
    /// - Throws: `InvalidSetting`.
    package init(
        name: String,
        _ configuration: CircuitBreakerConfiguration,
        clock: MonotonicClock = .system,
        seed: UInt64 = .random(in: .min ... .max),
        consumers: [Consumer] = []
    ) throws(InvalidSetting) {
        try configuration.validate()
        self.name = name
        self.clock = clock
        self.consumers = consumers
        queue = DispatchQueue(label: "breaker-\(name)", target: Self.events)
        var machine = CircuitBreakerMachine(configuration, seed: seed, at: clock.now)
        machine.events.isKept = !consumers.isEmpty
        state = Lock(State(machine: machine))
    }

    /// Asks for the permission to make one call.
    ///
    /// - Throws: `Refused`.
    package func acquire() throws(Refused) -> Permit {
        let now = clock.now
        let (decision, mustDeliver) = state.withLock {
            state -> (Result<CircuitBreakerMachine.Grant, Refused>, Bool) in
            guard let grant = state.machine.acquire(at: now) else {
                return (.failure(state.machine.refusal(at: now)), state.startsDelivery())
            }
            return (.success(grant), state.startsDelivery())
        }
        if mustDeliver { deliver() }
        return Permit(breaker: self, grant: try decision.get())
    }

    func end(_ grant: CircuitBreakerMachine.Grant, _ result: CallResult, at end: MonotonicTime) {
        let mustDeliver = state.withLock { state in
            state.machine.record(result, of: grant, at: end)
            return state.startsDelivery()
        }
        if mustDeliver { deliver() }
    }

    func release(_ grant: CircuitBreakerMachine.Grant) {
        let now = clock.now
        let mustDeliver = state.withLock { state in
            state.machine.release(grant, at: now)
            return state.startsDelivery()
        }
        if mustDeliver { deliver() }
    }
}
