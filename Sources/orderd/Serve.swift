import ArgumentParser
import FastCGI
import FoundationEssentials
import Logging
import Observability
import OrderService
import Resilience

/// `orderd serve`: answers requests behind the web server until SIGTERM or SIGINT.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer requests over FastCGI until SIGTERM or SIGINT.",
        discussion: """
            Listens on LISTEN. Ends with exit code 0 once everything in flight is answered, or \
            the grace time (GRACE) is over; with 1 and one line if it cannot start.
            """
    )

    func run() throws {
        Signals.block()
        try Startup.checkCrashPoint()
        let settings = try Startup.settings()
        JSONLogHandler.bootstrap(level: settings.log.level)
        let services = try Startup.services(settings)
        try Startup.checkDependencies(services)
        let reporter = services.makeReporter()
        // Before the first request, so that a breaker that is forced open is so from the start.
        reporter.takeOver()
        // Likewise what was revoked while this process was away.
        services.revocationWatch.round()
        // And what Redis may have forgotten; else it is tried again and again.
        services.cacheRecovery.round(until: .after(.seconds(1)))
        let (application, lanes) = services.makeApplication()
        let server = try Startup.orFail {
            let server = try Server(
                Self.configuration(settings.server),
                application: application
            )
            try server.start()
            return server
        }
        Self.register(server, in: services.metrics)
        let sampler = services.makeSampler()
        sampler.start()
        reporter.start()
        let credentials = services.makeCredentialLoops()
        credentials.start()
        let logger = Logger(label: "orderd")
        logger.info(
            "serving",
            metadata: ["listen": "\(server.addresses.map(\.description).joined(separator: ","))"]
        )
        _ = Signals.wait()
        let deadline = Deadline.after(settings.server.grace)
        let isAnswered = server.stop(grace: settings.server.grace)
        for group in lanes.all { _ = group.waitUntilIdle(until: deadline) }
        _ = sampler.stop(within: deadline.remaining)
        _ = credentials.stop(within: deadline.remaining)
        services.writeSessionUses(until: deadline)
        services.tellOfLimits(until: deadline)
        noteAccesses(services, until: deadline)
        reporter.stop(within: deadline.remaining)
        services.close()
        logger.info("stopped", metadata: ["everythingAnswered": "\(isAnswered)"])
        LogSink.standardError.flush()
    }

    /// Writes down the uses of guests' tokens that the last round has left.
    private func noteAccesses(_ services: Services, until deadline: Deadline) {
        do {
            try services.guestAccesses.flush(until: deadline)
        } catch {
            Logger(label: "orderd").warning(
                "the last uses of guests' tokens are not on record",
                metadata: ["error": "\(error)"]
            )
        }
    }

    private static func configuration(
        _ settings: Settings.Server
    ) throws -> ServerConfiguration {
        let peers = settings.peers.compactMap { AddressRange($0) }
        let listeners = settings.listeners.compactMap { address in
            ListenAddress(address.description, allowedPeers: peers)
        }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let workers = settings.workers > 0 ? settings.workers : max(1, cores / 2)
        return ServerConfiguration(listeners: listeners, workers: workers)
    }

    /// What the server counts, read at each scrape.
    private static func register(_ server: Server, in metrics: MetricsRegistry) {
        metrics.gauge("orderd_fastcgi_connections", help: "Open connections.") {
            Double(server.statistics.openConnections)
        }
        metrics.gauge("orderd_fastcgi_in_flight", help: "Requests being answered.") {
            Double(server.statistics.requestsInFlight)
        }
        metrics.counter("orderd_fastcgi_accepted_total", help: "Connections accepted.") {
            Double(server.statistics.acceptedConnections)
        }
        metrics.counter("orderd_fastcgi_aborted_total", help: "Requests given up by the peer.") {
            Double(server.statistics.abortedRequests)
        }
        metrics.counter("orderd_fastcgi_failed_answers_total", help: "Answers not taken.") {
            Double(server.statistics.failedAnswers)
        }
        metrics.counter("orderd_fastcgi_refused_total", help: "Connections closed by the gate.") {
            Double(server.statistics.refusals.values.reduce(0, +))
        }
    }
}
