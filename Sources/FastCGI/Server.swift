import CLinux
import Resilience
import Synchronization
package import Web

/// A FastCGI responder that listens behind a web server.
package final class Server: Sendable {
    private let loop: ResponderLoop
    private let threads = Mutex<[pthread_t]>([])

    /// Binds the addresses; nothing is accepted before `start()`.
    ///
    /// Raises the process's limit of open descriptors, so that connections up to their limit leave
    /// some for everything else.
    package init(
        _ configuration: ServerConfiguration,
        application: any Application
    ) throws(ServerError) {
        try Library.initialise()
        DescriptorLimit.raise(to: 2 * configuration.maximumConnections)
        loop = try ResponderLoop(configuration: configuration, application: application)
    }

    /// Where the server listens, with the ports that a port 0 became.
    package var addresses: [ListenAddress] { loop.listeners.map(\.address) }

    package var statistics: ServerStatistics {
        loop.counters.statistics(openConnections: loop.connections.count)
    }

    /// Starts the workers and accepts connections; called once.
    package func start() throws(ServerError) {
        // All that can fail comes before the first thread.
        var workers: [ResponderLoop.Worker] = []
        for _ in 0..<loop.configuration.workers { workers.append(try ResponderLoop.Worker()) }
        for (index, worker) in workers.enumerated() {
            let thread = try startWorker(index, worker)
            threads.withLock { $0.append(thread) }
        }
        loop.open()
    }

    private func startWorker(
        _ index: Int,
        _ worker: ResponderLoop.Worker
    ) throws(ServerError) -> pthread_t {
        let start = WorkerStart(name: "fastcgi-\(index)", loop: loop, worker: worker)
        let argument = Unmanaged.passRetained(start)
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
                clinux_set_thread_name(start.name)
                start.loop.run(start.worker)
                return nil
            },
            argument.toOpaque()
        )
        guard code == 0 else {
            argument.release()
            throw .system(call: "pthread_create", code: code, address: nil)
        }
        return thread
    }

    /// Stops accepting, answers what is in flight, and closes every connection.
    ///
    /// Blocks the calling thread, at most for the grace time. A worker that is then still within
    /// the application is left to itself. Called once.
    ///
    /// - Returns: whether everything was answered within the grace time.
    @discardableResult
    package func stop(grace: Duration) -> Bool {
        let deadline = Deadline.after(grace)
        loop.beginStopping()
        let isClean = loop.connections.waitUntilEmpty(until: deadline)
        if !isClean { loop.connections.endAll() }
        loop.end()
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in threads {
            if isClean { pthread_join(thread, nil) } else { pthread_detach(thread) }
        }
        return isClean
    }
}

/// What a worker's thread is started with.
private final class WorkerStart {
    let name: String
    let loop: ResponderLoop
    let worker: ResponderLoop.Worker

    init(name: String, loop: ResponderLoop, worker: ResponderLoop.Worker) {
        self.name = name
        self.loop = loop
        self.worker = worker
    }
}
