extension CircuitBreakerMachine {
    /// Compares the rates with their thresholds and changes the state where they say so.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - isAfterResult: false before a call, when only calls in flight can be news.
    mutating func judge(at now: MonotonicTime, isAfterResult: Bool) {
        var overdue = 0
        if configuration.countsCallsInFlight && state != .halfOpen {
            inFlight.markOverdue(at: now, limit: slowLimit)
            overdue = inFlight.overdue
        }
        guard isAfterResult || overdue > 0 else { return }
        var counts = window.counts(at: now)
        counts.calls += overdue
        counts.slow += overdue
        guard window.suffices(counts) else { return }
        // Thresholds are above 0, so of a healthy breaker no rate has to be reckoned.
        guard counts.failed > 0 || counts.slow > 0 || state == .halfOpen else { return }
        // Calls in flight have not failed, so they only count among the slow ones.
        var ended = counts
        ended.calls -= overdue
        let failureRate =
            isAfterResult && window.suffices(ended) ? ended.failureRate : 0
        let slowRate = counts.slowRate
        let failsTooOften = failureRate >= configuration.failureRateThreshold
        let isTooSlow = slowRate >= configuration.slowRateThreshold
        switch state {
        case .closed:
            guard failsTooOften || isTooSlow else { return }
            if failsTooOften { tell(.failureRateExceeded(failureRate), at: now, counts) }
            if isTooSlow { tell(.slowRateExceeded(slowRate), at: now, counts) }
            let slowCause = overdue > 0 ? CircuitBreakerCause.slowInFlight : .slowRate
            enter(.open, failsTooOften ? .failureRate : slowCause, at: now, because: counts)
        case .metricsOnly:
            if failsTooOften && !hasToldFailureRate {
                hasToldFailureRate = true
                tell(.failureRateExceeded(failureRate), at: now, counts)
            }
            if isTooSlow && !hasToldSlowRate {
                hasToldSlowRate = true
                tell(.slowRateExceeded(slowRate), at: now, counts)
            }
        case .halfOpen:
            let isIll = failsTooOften || isTooSlow
            enter(
                isIll ? .open : .closed,
                isIll ? .probesFailed : .probesSucceeded,
                at: now,
                because: counts
            )
        case .open, .disabled, .forcedOpen:
            break
        }
    }
}
