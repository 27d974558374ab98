package import Logging
package import Resilience

/// Writes one line for each time that a breaker changes its state.
package enum BreakerLog {
    /// A consumer of a breaker's events, which may be shared by all breakers.
    ///
    /// - Parameter logger: gets the lines.
    /// - Returns: the consumer.
    package static func consumer(
        _ logger: Logger = Logger(label: "orderd.breakers")
    ) -> CircuitBreaker.Consumer {
        { name, event in
            guard case .transition(let from, let to, let cause) = event.kind else { return }
            logger.log(
                level: level(of: to),
                "a breaker changed its state",
                metadata: metadata(name, from: from, to: to, cause, event)
            )
        }
    }

    /// A breaker that refuses calls, or that no longer protects anything, is worth a look.
    private static func level(of state: CircuitBreakerState) -> Logger.Level {
        switch state {
        case .open, .forcedOpen, .disabled: .warning
        case .closed, .halfOpen, .metricsOnly: .notice
        }
    }

    private static func metadata(
        _ name: String,
        from: CircuitBreakerState,
        to: CircuitBreakerState,
        _ cause: CircuitBreakerCause,
        _ event: CircuitBreakerEvent
    ) -> Logger.Metadata {
        // Not «name», whose value the log would take for a person's.
        var metadata: Logger.Metadata = [
            "breaker": "\(name)",
            "from": "\(from.rawValue)",
            "to": "\(to.rawValue)",
            "cause": "\(cause.rawValue)",
            "generation": "\(event.generation)",
            "calls": "\(event.counts.calls)",
            "failed": "\(event.counts.failed)",
            "slow": "\(event.counts.slow)",
        ]
        if event.counts.calls > 0 {
            metadata["failureRate"] = "\(event.counts.failureRate)"
            metadata["slowRate"] = "\(event.counts.slowRate)"
        }
        if let order = event.order {
            metadata["who"] = "\(order.who)"
            metadata["why"] = "\(order.why)"
        }
        return metadata
    }
}
