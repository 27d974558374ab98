extension CircuitBreakerMachine {
    /// Asks for the permission to make a call; nil if it is refused.
    mutating func acquire(at time: MonotonicTime) -> Grant? {
        let now = advance(to: time)
        switch state {
        case .closed, .metricsOnly:
            if configuration.countsCallsInFlight, inFlight.count > 0 {
                judge(at: now, isAfterResult: false)
            }
            // Calls in flight may just have opened it.
            guard state != .open else { return refuse(at: now) }
        case .disabled:
            break
        case .open:
            guard now > openUntil else { return refuse(at: now) }
            enter(.halfOpen, .waitOver, at: now)
            freePermits -= 1
        case .halfOpen:
            guard freePermits > 0 else { return refuse(at: now) }
            freePermits -= 1
        case .forcedOpen:
            return refuse(at: now)
        }
        totals.permits += 1
        guard watchesCalls else {
            return Grant(generation: generation, start: now, place: .none)
        }
        let place = inFlight.enter(at: now)
        if state == .halfOpen { updateNextDue() }
        return Grant(generation: generation, start: now, place: place)
    }

    private mutating func refuse(at now: MonotonicTime) -> Grant? {
        window.notPermitted += 1
        totals.notPermitted += 1
        if configuration.tellsCalls && state.tellsCalls { tell(.notPermitted, at: now) }
        return nil
    }

    /// Takes the result of a call.
    mutating func record(_ result: CallResult, of grant: Grant, at time: MonotonicTime) {
        let now = advance(to: time)
        guard isCurrent(grant) else {
            totals.late += 1
            return
        }
        switch result {
        case .success:
            totals.succeeded += 1
            record(hasFailed: false, since: grant.start, at: now)
        case .failure:
            totals.failed += 1
            record(hasFailed: true, since: grant.start, at: now)
        case .ignored:
            totals.ignored += 1
            giveBack()
            if configuration.tellsCalls && state.tellsCalls { tell(.ignored, at: now) }
        case .pause(let wait):
            totals.paused += 1
            giveBack()
            pause(for: wait, at: now)
        }
    }

    /// Takes a permit back that was not used, or whose call has no result.
    mutating func release(_ grant: Grant, at time: MonotonicTime) {
        _ = advance(to: time)
        guard isCurrent(grant) else {
            totals.late += 1
            return
        }
        totals.released += 1
        giveBack()
    }

    /// Whether a grant is of this generation and within its lease; it counts as answered then.
    private mutating func isCurrent(_ grant: Grant) -> Bool {
        guard grant.generation == generation else { return false }
        guard grant.place != .none else { return true }
        guard inFlight.leave(grant.place) else { return false }
        if state == .halfOpen { updateNextDue() }
        return true
    }

    private mutating func giveBack() {
        guard state == .halfOpen else { return }
        freePermits = min(freePermits + 1, configuration.halfOpenPermits)
    }

    private mutating func record(
        hasFailed: Bool,
        since start: MonotonicTime,
        at now: MonotonicTime
    ) {
        let wasSlow = now.nanoseconds - start.nanoseconds > slowLimit
        if wasSlow { totals.slow += 1 }
        if configuration.tellsCalls && state.tellsCalls {
            tell(hasFailed ? .failed : .succeeded, at: now)
        }
        guard state != .disabled else { return }
        window.record(EndedCall(hasFailed: hasFailed, wasSlow: wasSlow), at: now)
        judge(at: now, isAfterResult: true)
    }

    private mutating func pause(for wait: Duration, at now: MonotonicTime) {
        guard state == .closed || state == .halfOpen, wait > .zero else { return }
        let capped = min(wait, configuration.serverWaitCap)
        enter(.open, .serverAsked, at: now, wait: capped.wholeNanoseconds)
    }
}
