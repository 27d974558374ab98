import Dispatch
import OrderServiceTesting
import Synchronization
import Testing

@testable import Resilience

@Suite("Single flight and deadlines") struct SingleFlightTests {
    private static let long = Deadline.after(.seconds(60))

    private struct Failure: Error, Equatable {}

    @Test("gives one run's result to a caller that waits, and runs again after that")
    func sharesResult() async throws {
        try await onOwnThread {
            let flights = SingleFlight<String, Int>()
            let runs = Atomic(0)
            let isRunning = DispatchSemaphore(value: 0)
            let gate = DispatchSemaphore(value: 0)
            let pilot = Companion {
                try flights.run("a", until: Self.long) {
                    isRunning.signal()
                    gate.wait()
                    return runs.add(1, ordering: .relaxed).newValue
                }
            }
            isRunning.wait()
            // A passenger whose deadline has passed gets nothing, and does not run itself.
            let late = try flights.run("a", until: .after(.zero)) {
                runs.add(100, ordering: .relaxed).newValue
            }
            #expect(late == nil)
            // Another key is another flight.
            #expect(try flights.run("b", until: Self.long) { 7 } == 7)
            gate.signal()
            #expect(try pilot.join() == 1)
            let next = try flights.run("a", until: Self.long) {
                runs.add(1, ordering: .relaxed).newValue
            }
            #expect(next == 2)
        }
    }

    @Test("lets one of many callers run at a time, and tells all of them a true result")
    func manyCallers() async throws {
        try await onOwnThread {
            let flights = SingleFlight<Int, Int>()
            let runs = Atomic(0)
            let atOnce = Atomic(0)
            let overlaps = Atomic(0)
            let callers = (0..<12).map { _ in
                Companion {
                    var isMonotonic = true
                    var last = 0
                    for _ in 0..<300 {
                        let value = try flights.run(1, until: Self.long) {
                            if atOnce.add(1, ordering: .relaxed).newValue != 1 {
                                overlaps.add(1, ordering: .relaxed)
                            }
                            defer { atOnce.subtract(1, ordering: .relaxed) }
                            return runs.add(1, ordering: .relaxed).newValue
                        }
                        isMonotonic = isMonotonic && (value ?? 0) >= last
                        last = value ?? .max
                    }
                    return isMonotonic
                }
            }
            for caller in callers {
                let isMonotonic = try caller.join()
                #expect(isMonotonic)
            }
            #expect(overlaps.load(ordering: .relaxed) == 0)
            #expect((1...3_600).contains(runs.load(ordering: .relaxed)))
        }
    }

    @Test("throws the pilot's error to the pilot, and starts anew")
    func throwsError() async throws {
        try await onOwnThread {
            let flights = SingleFlight<String, Int>()
            #expect(throws: Failure()) {
                try flights.run("a", until: Self.long) { throw Failure() }
            }
            let next = try flights.run("a", until: Self.long) { 1 }
            #expect(next == 1)
        }
    }

    @Test("can be begun and ended apart, with a result for those who wait or with none")
    func beginAndEnd() async throws {
        try await onOwnThread {
            let flights = SingleFlight<String, Int>()
            for result in [Result<Int, any Error>.success(7), .failure(Failure()), nil] {
                let flight = try #require(flights.begin("a"))
                #expect(flights.begin("a") == nil)
                let passenger = flights.join("a")
                #expect(!passenger.isPilot)
                flights.end(flight, result)
                let told = Result { try flights.outcome(of: passenger.flight, until: Self.long) }
                switch result {
                case .success(let value): #expect(try told.get() == value)
                case .failure: #expect(throws: Failure()) { try told.get() }
                case nil: #expect(try told.get() == nil)
                }
                #expect(try flights.run("a", until: Self.long) { 2 } == 2)
            }
        }
    }

    @Test("only ever tightens a deadline")
    func deadlines() {
        let deadline = Deadline.after(.seconds(60))
        #expect(deadline.tightened(to: .seconds(3_600)) == deadline)
        #expect(deadline.tightened(to: .seconds(1)) < deadline)
        #expect(!deadline.isExpired && deadline.remaining > .seconds(30))
        let past = Deadline(.now - .seconds(1))
        #expect(past.isExpired && past.remaining == .zero)
        #expect(past.tightened(to: .seconds(5)) == past)
    }

    @Test(
        "rounds durations up",
        arguments: [
            (Duration.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1), 1),
            (.microseconds(1_001), 2), (.seconds(2), 2_000),
        ] as [(Duration, Int64)]
    )
    func milliseconds(duration: Duration, expected: Int64) {
        #expect(duration.wholeMilliseconds == expected)
    }
}
