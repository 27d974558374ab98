extension Services {
    /// Tells Redis what happened to attempts to pay while it was away.
    var tellsOfLimits: Worker.Job {
        Worker.Job(name: "limits", pause: .seconds(1)) { [paymentLimiter] deadline in
            paymentLimiter.limiter.tell(until: deadline)
        }
    }
}
