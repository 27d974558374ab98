extension CircuitBreakerMachine {
    /// Idle transitions made one by one; the rest is skipped, so that a breaker that nobody has
    /// used for a year does not hold its lock for a million of them.
    private static let idleTransitions = 1_000

    /// Lets happen, in order and each at its own time, what time alone brings up to now.
    ///
    /// - Returns: the time, which never goes back: an earlier one is taken for the last one.
    mutating func advance(to time: MonotonicTime) -> MonotonicTime {
        let now = max(time, lastTime)
        lastTime = now
        guard nextDue <= now else { return now }
        var count = 0
        while nextDue <= now {
            happen(at: nextDue)
            count += 1
            if count == Self.idleTransitions { skipIdleCycles(to: now) }
        }
        return now
    }

    private mutating func happen(at due: MonotonicTime) {
        if due == stateEnd {
            endState(at: due)
        } else if due == orderEnd {
            enter(.closed, .manualExpired, at: due)
        } else {
            expireLease(at: due)
        }
    }

    private mutating func endState(at due: MonotonicTime) {
        if state == .open {
            enter(.halfOpen, .waitOver, at: due)
            return
        }
        switch configuration.afterHalfOpenTimeLimit {
        case .open: enter(.open, .halfOpenTimeLimit, at: due)
        case .closed: enter(.closed, .halfOpenTimeLimit, at: due)
        }
    }

    /// The oldest probe has not answered in time: it counts as failed, and its result is late.
    private mutating func expireLease(at due: MonotonicTime) {
        let isSlow = (lease ?? 0) > slowLimit
        inFlight.leaveOldest()
        totals.expiredLeases += 1
        window.record(EndedCall(hasFailed: true, wasSlow: isSlow), at: due)
        updateNextDue()
        judge(at: due, isAfterResult: true)
    }

    /// Recomputes the earliest instant at which time alone brings something.
    mutating func updateNextDue() {
        nextDue = min(stateEnd, orderEnd)
        if state == .halfOpen, let lease, let start = inFlight.earliestStart {
            nextDue = min(nextDue, start.advanced(byNanoseconds: lease))
        }
    }

    /// Moves the end of the state on by whole rounds of waiting and being half-open.
    ///
    /// Only a breaker that opens half by itself and has a time limit goes round without calls.
    private mutating func skipIdleCycles(to now: MonotonicTime) {
        guard nextDue <= now, nextDue == stateEnd,
            let limit = configuration.halfOpenTimeLimit?.wholeNanoseconds
        else { return }
        let wait = openWait.nanoseconds(opening: openings, chance: 0)
        let (round, overflows) = wait.addingReportingOverflow(limit)
        guard !overflows, round > 0 else { return }
        let rounds = (now.nanoseconds - stateEnd.nanoseconds) / round
        stateEnd = stateEnd.advanced(byNanoseconds: rounds * round)
        if state == .open { openUntil = stateEnd }
        updateNextDue()
    }
}
