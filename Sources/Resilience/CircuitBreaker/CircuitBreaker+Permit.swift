extension CircuitBreaker {
    /// The right to make one call, and the duty to say how it ended.
    ///
    /// A permit that is dropped without a result is released: it counts as nothing, and a
    /// half-open breaker gives it to somebody else.
    package struct Permit: ~Copyable, Sendable {
        private let breaker: CircuitBreaker
        private let grant: CircuitBreakerMachine.Grant
        private var isEnded = false

        init(breaker: CircuitBreaker, grant: CircuitBreakerMachine.Grant) {
            self.breaker = breaker
            self.grant = grant
        }

        deinit {
            if !isEnded { breaker.release(grant) }
        }

        /// The number of the breaker's state that gave the permit; results count in no other.
        package var generation: UInt64 { grant.generation }

        package var start: MonotonicTime { grant.start }

        /// Says how the call ended, now.
        package consuming func end(_ result: CallResult) {
            isEnded = true
            breaker.end(grant, result, at: breaker.clock.now)
        }

        /// Says how the call ended, some time ago.
        package consuming func end(_ result: CallResult, at time: MonotonicTime) {
            isEnded = true
            breaker.end(grant, result, at: time)
        }
    }
}
