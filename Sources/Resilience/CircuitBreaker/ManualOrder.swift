/// What an operator may order a breaker to do.
package enum ManualMode: Sendable, Equatable {
    /// Closed, with an empty window.
    case closed
    /// Open for the configured wait.
    case open
    case openFor(Duration)
    case halfOpen
    case forcedOpen
    case disabled
    case metricsOnly
}

/// Who set a breaker by hand, why, and for how long.
package struct ManualOrder: Sendable, Equatable {
    package let who: String
    package let why: String

    /// After this the breaker is closed again; nil for no end.
    package let expiry: Duration?

    package init(who: String, why: String, expiry: Duration? = nil) {
        self.who = who
        self.why = why
        self.expiry = expiry
    }
}
