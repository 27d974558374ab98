package import Resilience

extension Services {
    /// Tells Redis what happened to attempts to pay while it was away.
    var tellsOfLimits: Worker.Job {
        Worker.Job(name: "limits", pause: .seconds(1)) { [paymentLimiter] deadline in
            paymentLimiter.limiter.tell(until: deadline)
        }
    }

    /// The same at the end of a process, with which all is lost that Redis does not know; blocks.
    package func tellOfLimits(until deadline: Deadline) {
        // Also where others have used up the time.
        let limit = max(deadline.tightened(to: .seconds(2)), .after(.seconds(1)))
        while !limit.isExpired, paymentLimiter.limiter.tell(until: limit) > 0 {}
    }
}
