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
        let limit = deadline.tightened(to: .seconds(2))
        while !limit.isExpired, paymentLimiter.limiter.tell(until: limit) > 0 {}
    }
}
