import Dispatch
import Logging
import Resilience

/// The loops of the background process: inbox, outbox and cleaning, each on a queue of its own.
package final class Worker: Sendable {
    /// One kind of background work.
    struct Job: Sendable {
        let name: String
        /// How long to wait when there was nothing to do.
        let pause: Duration
        /// What a round takes at most.
        ///
        /// One that took less has left little: a short rest after it lets more come together, as
        /// each round has its price, however little it finds.
        var batch = 1
        /// Does what is due until the deadline; returns how much it did.
        let run: @Sendable (Deadline) throws -> Int
    }

    private let jobs: [Job]
    private let stopping: StopSignal
    private let wakeUps: [DispatchSemaphore]
    private let running = DispatchGroup()
    private let logger = Logger(label: "orderd.worker")

    /// The rest after a round that took less than it might have.
    private static let rest = Duration.milliseconds(50)
    /// How long one round of a job may take.
    private static let round = Duration.seconds(30)
    /// The pause after a round that failed as a whole, for instance without a database.
    private static let pauseAfterFailure = Duration.seconds(1)

    init(jobs: [Job], stopping: StopSignal = StopSignal()) {
        self.jobs = jobs
        self.stopping = stopping
        wakeUps = jobs.map { _ in DispatchSemaphore(value: 0) }
    }

    /// Starts all loops; returns at once.
    package func start() {
        for (job, wakeUp) in zip(jobs, wakeUps) {
            let queue = DispatchQueue(label: "worker-\(job.name)")
            queue.async(group: running) { @Sendable [self] in
                loop(job, wakeUp)
            }
        }
    }

    private func loop(_ job: Job, _ wakeUp: DispatchSemaphore) {
        while !stopping.isRaised {
            var pause = job.pause
            do {
                let count = try job.run(.after(Self.round))
                if count >= job.batch { continue }
                if count > 0 { pause = min(pause, Self.rest) }
            } catch {
                logger.error(
                    "a round failed",
                    metadata: ["job": "\(job.name)", "error": "\(error)"]
                )
                pause = max(pause, Self.pauseAfterFailure)
            }
            _ = wakeUp.wait(timeout: .now() + pause.dispatchInterval)
        }
    }

    /// Does all that is due on the calling thread, job after job, until nothing is left.
    ///
    /// For tests and commands, instead of `start`; what was put off stays for later.
    ///
    /// - Returns: how much was done.
    /// - Throws: what a round throws.
    @discardableResult
    package func drain() throws -> Int {
        var total = 0
        while true {
            let done = try jobs.reduce(0) { try $0 + $1.run(.after(Self.round)) }
            guard done > 0 else { return total }
            total += done
        }
    }

    /// Ends the loops after their current round.
    ///
    /// - Returns: whether all ended in time.
    package func stop(within grace: Duration) -> Bool {
        stopping.raise()
        for wakeUp in wakeUps { wakeUp.signal() }
        return running.wait(timeout: .now() + grace.dispatchInterval) == .success
    }
}
