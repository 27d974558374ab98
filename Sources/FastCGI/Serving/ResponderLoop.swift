import CLinux
import Resilience
import Synchronization
import Web

/// The loop that all workers run: wait for a connection that has something to read, read what is
/// there, answer a request once it is whole, wait again.
///
/// Nothing in it waits for a peer: receiving never blocks, and an answer is written by the worker
/// only if the socket's buffer has room for all of it.
final class ResponderLoop: Sendable {
    /// What a worker has for itself.
    final class Worker {
        let channel: AnswerChannel
        let buffer: UnsafeMutableBufferPointer<UInt8>
        let tokens: UnsafeMutableBufferPointer<UInt64>
        /// Whole requests that the application has not begun to answer.
        var arrived: [(exchange: Exchange, request: Request)] = []

        init() throws(ServerError) {
            channel = try AnswerChannel()
            buffer = .allocate(capacity: 65_536)
            tokens = .allocate(capacity: ResponderLoop.mostAtOnce)
        }

        deinit {
            buffer.deallocate()
            tokens.deallocate()
        }
    }

    /// So many connections a worker takes up at once, whose requests are begun together: under load
    /// there are as many, and a trip to the cache costs as much for all of them as for one.
    static let mostAtOnce = 64

    let configuration: ServerConfiguration
    let application: any Application
    let listeners: [ListeningSocket]
    let events: EventSet
    let connections = ConnectionTable()
    let counters = ServerCounters()
    let receiveDeadlines = ReceiveDeadlines()
    let channels = AnswerChannelPool()
    let writers: LaneGroup
    private let stopping = Atomic(false)
    private let ended = Atomic(false)
    private let hasPausedListeners = Atomic(false)

    init(
        configuration: ServerConfiguration,
        application: any Application
    ) throws(ServerError) {
        self.configuration = configuration
        self.application = application
        var listeners: [ListeningSocket] = []
        do throws(ServerError) {
            for address in configuration.listeners {
                listeners.append(try ListeningSocket(address))
            }
            events = try EventSet(tick: .milliseconds(200))
            for (index, listener) in listeners.enumerated() {
                guard events.add(listener: listener, index: index) else { throw .last("epoll_ctl") }
            }
        } catch {
            for listener in listeners { listener.removeFile() }
            throw error
        }
        self.listeners = listeners
        writers = LaneGroup(
            name: "fastcgi-writer",
            lanes: configuration.writers,
            queueLimit: 4 * configuration.writers
        )
    }

    var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    /// Begins to accept connections.
    func open() {
        for (index, listener) in listeners.enumerated() {
            events.arm(listener: listener, index: index)
        }
    }

    /// Runs on the calling thread until `end()`.
    func run(_ worker: Worker) {
        while !ended.load(ordering: .acquiring) {
            for place in 0..<events.wait(worker.tokens) { take(worker.tokens[place], worker) }
            startArrived(worker)
        }
    }

    private func take(_ token: UInt64, _ worker: Worker) {
        switch events.source(of: token) {
        case .wake: return
        case .tick: tick()
        case .listener(let index): acceptAll(index)
        case .connection(let token):
            // The table keeps the connection while its descriptor is armed, and nobody closes
            // it but the owner, who is this thread now.
            guard let pointer = UnsafeRawPointer(bitPattern: UInt(token)) else { return }
            let connection = Unmanaged<Connection>.fromOpaque(pointer).takeUnretainedValue()
            receive(connection, worker)
        }
    }

    private func acceptAll(_ index: Int) {
        let listener = listeners[index]
        while true {
            switch listener.accept() {
            case .connection(let descriptor): add(descriptor)
            case .forbidden: counters.count(.forbiddenPeer)
            case .none:
                if !isStopping { events.arm(listener: listener, index: index) }
                return
            case .exhausted:
                // Armed again by the next tick: at once, the loop would spin.
                counters.count(.outOfDescriptors)
                hasPausedListeners.store(true, ordering: .releasing)
                return
            }
        }
    }

    private func add(_ descriptor: Int32) {
        counters.acceptedConnections.add()
        guard connections.count < configuration.maximumConnections else {
            counters.count(.tooManyConnections)
            CLinux.close(descriptor)
            return
        }
        setTimeout(descriptor, SO_SNDTIMEO, configuration.sendTimeout)
        let limits = RequestGate.Limits(
            parameterBytes: configuration.maximumParameterBytes,
            bodyBytes: configuration.maximumBodyBytes
        )
        let connection = Connection(descriptor: descriptor, limits: limits)
        connections.add(connection)
        if !events.add(connection) { connections.close(connection) }
    }

    private func setTimeout(_ descriptor: Int32, _ name: Int32, _ duration: Duration) {
        let milliseconds = duration.wholeMilliseconds
        var timeout = timeval(
            tv_sec: Int(milliseconds / 1_000),
            tv_usec: Int(milliseconds % 1_000) * 1_000
        )
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, name, &timeout, size)
    }

    private func tick() {
        for connection in receiveDeadlines.takeExpired() {
            connection.isTimedOut.store(true, ordering: .releasing)
            connections.endReceiving(connection)
        }
        if hasPausedListeners.exchange(false, ordering: .acquiringAndReleasing), !isStopping {
            open()
        }
    }
}

// MARK: - Stopping

extension ResponderLoop {
    /// Accepts no more and closes what is idle; requests under way go on.
    func beginStopping() {
        for (index, listener) in listeners.enumerated() {
            listener.removeFile()
            // Who has connected already is served.
            acceptAll(index)
        }
        stopping.store(true, ordering: .sequentiallyConsistent)
        for listener in listeners { listener.refuseConnections() }
        connections.endReceivingOfIdle()
    }

    /// Lets the workers return.
    func end() {
        ended.store(true, ordering: .releasing)
        events.wakeAll()
    }
}
