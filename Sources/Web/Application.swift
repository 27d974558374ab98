/// What answers requests, seen from the server that reads them.
package protocol Application: Sendable {
    /// Begins to answer; called on one of the server's few workers.
    ///
    /// Must not block for longer than one trip to a cache takes: whatever needs longer is handed
    /// over to lanes of the application's own.
    func start(_ request: Request) -> Step

    /// Begins to answer requests that have come together, so that they may share trips to a cache.
    ///
    /// Called instead, under the same condition for each trip.
    ///
    /// - Parameters:
    ///   - requests: of different connections, at least one.
    ///   - then: to be told the step of each by its place, as soon as it is known.
    func start(_ requests: [Request], _ then: (_ place: Int, _ step: Step) -> Void)
}

extension Application {
    package func start(_ requests: [Request], _ then: (_ place: Int, _ step: Step) -> Void) {
        for (place, request) in requests.enumerated() { then(place, start(request)) }
    }
}

/// How an application begins to answer a request.
package enum Step {
    /// Gives a finished answer back, however late and on whatever thread; only the first counts.
    package typealias Reply = @Sendable (Response) -> Void

    /// The answer is there; the worker writes it.
    case answer(Response)

    /// The answer comes later: the closure is called at once on the worker, must not block, and
    /// arranges for the reply to be called. The answer is written on the thread that calls it. A
    /// reply that is let go uncalled becomes a 500.
    case handOver((@escaping Reply) -> Void)
}
