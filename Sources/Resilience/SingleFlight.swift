import Dispatch
import Synchronization

/// Lets one caller per key do the work while the others wait for its result.
package final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private final class Flight: Sendable {
        let landed = DispatchGroup()
        let result = Lock<Result<Value, any Error>?>(nil)
    }

    private let flights = Lock<[Key: Flight]>([:])

    package init() {}

    /// Runs `work`, or waits for the run of another caller with the same key.
    ///
    /// Blocks the calling thread until the result is there.
    ///
    /// - Throws: what `work` throws, to every caller of the flight; `nil` is returned to a caller
    ///   whose deadline passed while it waited for another's run.
    package func run(
        _ key: Key,
        until deadline: Deadline,
        _ work: () throws -> Value
    ) throws -> Value? {
        let (flight, isPilot) = flights.withLock { flights -> (Flight, Bool) in
            if let flight = flights[key] { return (flight, false) }
            let flight = Flight()
            flight.landed.enter()
            flights[key] = flight
            return (flight, true)
        }
        if isPilot {
            let result = Result { try work() }
            flight.result.withLock { $0 = result }
            flights.withLock { $0[key] = nil }
            flight.landed.leave()
            return try result.get()
        }
        let timeout = DispatchTime.now() + deadline.remaining.dispatchInterval
        guard flight.landed.wait(timeout: timeout) == .success else { return nil }
        return try flight.result.withLock { $0 }?.get()
    }
}
