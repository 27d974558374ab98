import Dispatch
import Foundation
import Synchronization

/// What the clients of a load saw.
package struct Tally: Sendable {
    /// An answer that was not the expected one, or none.
    package struct Failure: Sendable {
        package let at: ContinuousClock.Instant
        package let description: String
    }

    /// How long each good answer took.
    package private(set) var latencies: [Duration] = []
    package private(set) var failures: [Failure] = []

    /// The first failures in words; empty if there is none.
    package var complaints: [String] { failures.prefix(5).map(\.description) }

    package var answered: Int { latencies.count }
    package var slowest: Duration { latencies.max() ?? .zero }

    /// The latency that so many per cent of the answers did not exceed.
    package func percentile(_ percent: Double) -> Duration {
        let sorted = latencies.sorted()
        guard let last = sorted.last else { return .zero }
        let index = Int((Double(sorted.count) * percent / 100).rounded(.up)) - 1
        return sorted.indices.contains(index) ? sorted[index] : last
    }

    fileprivate mutating func note(_ latency: Duration) { latencies.append(latency) }

    fileprivate mutating func note(_ error: any Error) {
        failures.append(Failure(at: .now, description: "\(error)"))
    }

    fileprivate mutating func add(_ other: Tally) {
        latencies += other.latencies
        failures += other.failures
    }
}

/// An answer that a step of a load did not expect.
package struct UnexpectedAnswer: Error, CustomStringConvertible {
    package let description: String

    package init(_ call: HTTPCall, _ answer: HTTPAnswer) {
        description = "\(call.method) \(call.target): \(answer.status) \(answer.text.prefix(300))"
    }
}

/// Clients that send one request after the other, each on a thread and a connection of its own.
package final class Load: Sendable {
    /// One client: its number, and its connection.
    package struct Client {
        package let number: Int
        package let connection: HTTPConnection
    }

    /// The clients did not end in time.
    package struct TimedOut: Error {}

    // So that a client whose server is away does not spin.
    private static let pauseAfterFailure = 0.01

    private let tally = Mutex(Tally())
    private let isStopped = Atomic(false)
    private let begun = Atomic(0)
    private let running = DispatchGroup()

    /// Starts the clients.
    ///
    /// - Parameters:
    ///   - clients: how many.
    ///   - port: of the web server.
    ///   - limit: how many steps all clients do together; without one they go on until `stop`.
    ///   - step: one unit of work; what it throws is noted as a failure.
    package init(
        clients: Int,
        port: UInt16,
        limit: Int = .max,
        step: @escaping @Sendable (Client) throws -> Void
    ) {
        for number in 0..<clients {
            running.enter()
            let thread = Thread { [self] in
                let client = Client(number: number, connection: HTTPConnection(port: port))
                work(client, limit, step)
                running.leave()
            }
            thread.stackSize = 512 * 1_024
            thread.start()
        }
    }

    private func work(
        _ client: Client,
        _ limit: Int,
        _ step: @Sendable (Client) throws -> Void
    ) {
        var seen = Tally()
        while !isStopped.load(ordering: .relaxed),
            begun.wrappingAdd(1, ordering: .relaxed).oldValue < limit
        {
            let start = ContinuousClock.now
            do {
                try step(client)
                seen.note(ContinuousClock.now - start)
            } catch {
                seen.note(error)
                Thread.sleep(forTimeInterval: Self.pauseAfterFailure)
            }
        }
        tally.withLock { $0.add(seen) }
    }

    /// Lets each client end after its current step.
    package func stop() {
        isStopped.store(true, ordering: .relaxed)
    }

    /// Whether all clients have ended, now or within `milliseconds`.
    package func hasEnded(within milliseconds: Int) -> Bool {
        running.wait(timeout: .now() + .milliseconds(milliseconds)) == .success
    }

    /// Waits until all clients have ended.
    ///
    /// - Throws: `TimedOut` if they have not within `seconds`.
    package func join(within seconds: Int = 60) throws -> Tally {
        guard running.wait(timeout: .now() + .seconds(seconds)) == .success else {
            stop()
            throw TimedOut()
        }
        return tally.withLock { $0 }
    }
}

/// Asks until the condition holds; false if it does not within the time.
package func eventually(
    within limit: Duration = .seconds(10),
    every pause: Duration = .milliseconds(20),
    _ condition: () throws -> Bool
) rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while true {
        if try condition() { return true }
        guard ContinuousClock.now < end else { return false }
        Thread.sleep(forTimeInterval: Double(pause / .milliseconds(1)) / 1_000)
    }
}
