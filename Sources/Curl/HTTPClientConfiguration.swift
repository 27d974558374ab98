/// How an HTTP client behaves towards every service.
package struct HTTPClientConfiguration: Sendable {
    package var userAgent: String

    /// How many requests may run at once, at least 1.
    package var poolSize: Int

    /// How long a request waits for its turn at most.
    package var poolWait: Duration

    /// How long a connection may have been idle to be used again, in whole seconds.
    package var maximumIdle: Duration

    /// The largest answer body that is read, in bytes.
    package var maximumAnswerSize: Int

    /// A file of certificate authorities in PEM instead of the system's.
    package var authorityFile: String?

    package init(
        userAgent: String = "order-service",
        poolSize: Int = 16,
        poolWait: Duration = .milliseconds(100),
        maximumIdle: Duration = .seconds(60),
        maximumAnswerSize: Int = 1_048_576,
        authorityFile: String? = nil
    ) {
        self.userAgent = userAgent
        self.poolSize = poolSize
        self.poolWait = poolWait
        self.maximumIdle = maximumIdle
        self.maximumAnswerSize = maximumAnswerSize
        self.authorityFile = authorityFile
    }
}
