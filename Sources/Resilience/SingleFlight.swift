import Dispatch
import Synchronization

/// Lets one caller per key do the work while the others wait for its result.
package final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// One caller's work, which others may wait for.
    package final class Flight: Sendable {
        fileprivate let landed = DispatchGroup()
        fileprivate let result = Lock<Result<Value, any Error>?>(nil)
        fileprivate let key: Key

        fileprivate init(_ key: Key) {
            self.key = key
            landed.enter()
        }
    }

    private let flights = Lock<[Key: Flight]>([:])

    package init() {}

    /// Runs `work`, or waits for the run of another caller with the same key.
    ///
    /// Blocks the calling thread until the result is there.
    ///
    /// - Throws: what `work` throws, to every caller of the flight; `nil` is returned to a caller
    ///   whose deadline passed while it waited for another's run, or which has ended without a result.
    package func run(
        _ key: Key,
        until deadline: Deadline,
        _ work: () throws -> Value
    ) throws -> Value? {
        let (flight, isPilot) = join(key)
        if isPilot {
            let result = Result { try work() }
            end(flight, result)
            return try result.get()
        }
        return try outcome(of: flight, until: deadline)
    }

    /// Begins a flight; the caller owes it an `end`.
    ///
    /// - Returns: nil if another caller's with the same key is under way.
    package func begin(_ key: Key) -> Flight? {
        let (flight, isPilot) = join(key)
        return isPilot ? flight : nil
    }

    /// Ends a flight that the caller has begun.
    ///
    /// - Parameters:
    ///   - flight: from `begin`.
    ///   - result: for those who wait; nil if there is none.
    package func end(_ flight: Flight, _ result: Result<Value, any Error>?) {
        flight.result.withLock { $0 = result }
        flights.withLock { $0[flight.key] = nil }
        flight.landed.leave()
    }

    /// Waits for another caller's flight.
    func outcome(of flight: Flight, until deadline: Deadline) throws -> Value? {
        let timeout = DispatchTime.now() + deadline.remaining.dispatchInterval
        guard flight.landed.wait(timeout: timeout) == .success else { return nil }
        return try flight.result.withLock { $0 }?.get()
    }

    func join(_ key: Key) -> (flight: Flight, isPilot: Bool) {
        flights.withLock { flights in
            if let flight = flights[key] { return (flight, false) }
            let flight = Flight(key)
            flights[key] = flight
            return (flight, true)
        }
    }
}
