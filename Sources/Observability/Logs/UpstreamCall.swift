/// A call to another service that a request made, as the request's log line tells of it.
package struct UpstreamCall: Sendable, Equatable {
    /// The service and operation, a word of our own: `stripe.create`.
    package let name: String
    package let duration: Duration
    /// How it ended, a word of our own: `ok`, `timeout`, `refused`.
    package let outcome: String

    package init(name: String, duration: Duration, outcome: String) {
        self.name = name
        self.duration = duration
        self.outcome = outcome
    }
}
