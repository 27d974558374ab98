import Resilience

/// What the server listens on, and its limits.
package struct ServerConfiguration: Sendable {
    package var listeners: [ListenAddress]
    /// Threads that wait for requests and answer the short ones; one per two cores is a good number.
    package var workers: Int
    /// Threads for answers too large to fit the socket's buffer.
    package var writers = 4
    /// Connections kept at once, over all listeners; more are closed as they come.
    package var maximumConnections = 4_096
    package var maximumBodyBytes = 1_048_576
    package var maximumParameterBytes = 65_536
    /// From the first byte of a request until its parameters are whole.
    package var headTimeout = Duration.seconds(10)
    /// From then on until its body is whole.
    package var receiveTimeout = Duration.seconds(30)
    /// For a whole answer; a single write may add as much again.
    package var sendTimeout = Duration.seconds(15)

    package init(listeners: [ListenAddress], workers: Int) {
        precondition(!listeners.isEmpty, "a server needs an address to listen on")
        precondition(workers > 0, "a server needs at least one worker")
        self.listeners = listeners
        self.workers = workers
    }
}
