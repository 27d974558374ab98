import Resilience
import Synchronization
import Testing

@testable import OrderService

@Suite("Samples for the metrics")
struct SamplesTests {
    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    @Test("are all taken, also where some fail, which are named with their reasons")
    func failures() throws {
        let taken = Mutex<[String]>([])
        let job = Worker.Job.samples(
            name: "backlog",
            pause: .seconds(5),
            [
                .init("first") { _ in throw Failure(description: "the table is away") },
                .init("second") { _ in taken.withLock { $0.append("second") } },
                .init("third") { _ in throw Failure(description: "too late") },
                .init("fourth") { _ in taken.withLock { $0.append("fourth") } },
            ]
        )
        let missing = #expect(throws: Worker.Job.SamplesMissing.self) {
            try job.run(.after(.seconds(1)))
        }
        #expect(taken.withLock { $0 } == ["second", "fourth"])
        #expect(missing?.description == "first: the table is away; third: too late")
        let calm = Worker.Job.samples(name: "backlog", pause: .seconds(5), [.init("one") { _ in }])
        #expect(try calm.run(.after(.seconds(1))) == 0)
    }
}
