import ArgumentParser
import FastCGI
import Logging
import Observability
import OrderService
import Resilience

/// `orderd worker`: the background process, until SIGTERM or SIGINT.
struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Apply webhooks, relay events and do what orders left to be done.",
        discussion: "Any number of workers share the work; each row is taken by one at a time."
    )

    func run() throws {
        Signals.block()
        try Startup.checkCrashPoint()
        let settings = try Startup.settings()
        JSONLogHandler.bootstrap(level: settings.log.level)
        let services = try Startup.services(settings, ProcessIdentity(.worker))
        try Startup.checkDependencies(services)
        let reporter = services.makeReporter()
        // Before the first job, so that a breaker that is forced open is so from the start.
        reporter.takeOver()
        let worker = services.makeWorker()
        worker.start()
        reporter.start()
        let logger = Logger(label: "orderd")
        logger.info("working")
        _ = Signals.wait()
        let deadline = Deadline.after(settings.server.grace)
        let isDone = worker.stop(within: deadline.remaining)
        services.tellOfLimits(until: deadline)
        reporter.stop(within: deadline.remaining)
        services.close()
        logger.info("stopped", metadata: ["everythingDone": "\(isDone)"])
        LogSink.standardError.flush()
    }
}
