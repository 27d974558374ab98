import CLinux

/// An epoll set that all workers wait on.
final class EventSet: Sendable {
    /// What an event is about.
    enum Source {
        case wake
        case tick
        case listener(Int)
        /// The token of a connection, which is its address and so greater than the others.
        case connection(UInt64)
    }

    // Listeners have the tokens from here on; no object lies in the first page.
    private static let firstListener: UInt64 = 16
    private static let pageSize: UInt64 = 4_096
    private static let wakeToken: UInt64 = 0
    private static let tickToken: UInt64 = 1

    private let descriptor: Int32
    private let wakeDescriptor: Int32
    private let timer: Int32

    /// Makes the set with a timer of its own.
    ///
    /// - Parameter tick: how often one worker gets `.tick`.
    /// - Throws: if the process is out of descriptors.
    init(tick: Duration) throws(ServerError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        timer = timerfd_create(
            CLOCK_MONOTONIC,
            Int32(TFD_CLOEXEC | TFD_NONBLOCK)
        )
        let interval = tick.timespec
        var setting = itimerspec(it_interval: interval, it_value: interval)
        guard descriptor >= 0, wakeDescriptor >= 0, timer >= 0,
            timerfd_settime(timer, 0, &setting, nil) == 0,
            // Level-triggered and never read, so that it wakes all workers.
            control(EPOLL_CTL_ADD, wakeDescriptor, EPOLLIN.rawValue, Self.wakeToken),
            // Edge-triggered, so that a tick wakes one.
            control(EPOLL_CTL_ADD, timer, EPOLLIN.rawValue | EPOLLET.rawValue, Self.tickToken)
        else {
            let error = ServerError.last("epoll_create1")
            closeAll()
            throw error
        }
    }

    deinit {
        closeAll()
    }

    private func closeAll() {
        for descriptor in [descriptor, wakeDescriptor, timer] where descriptor >= 0 {
            close(descriptor)
        }
    }

    private func control(
        _ operation: Int32,
        _ target: Int32,
        _ events: UInt32,
        _ token: UInt64
    ) -> Bool {
        clinux_epoll_control(descriptor, operation, target, events, token) == 0
    }

    /// Adds a listener, not armed.
    func add(listener: ListeningSocket, index: Int) -> Bool {
        let token = Self.firstListener + UInt64(index)
        return control(EPOLL_CTL_ADD, listener.descriptor, EPOLLONESHOT.rawValue, token)
    }

    func arm(listener: ListeningSocket, index: Int) {
        let token = Self.firstListener + UInt64(index)
        _ = control(EPOLL_CTL_MOD, listener.descriptor, Self.readable, token)
    }

    /// Adds a connection and waits for its first bytes.
    func add(_ connection: Connection) -> Bool {
        control(EPOLL_CTL_ADD, connection.descriptor, Self.readable, connection.token)
    }

    /// Waits for a connection's next bytes; from here on the caller does not own it any more.
    ///
    /// If `orWritable`, room to write is waited for as well, which an ordinary connection has at
    /// once.
    func arm(_ connection: Connection, orWritable: Bool) -> Bool {
        let events = orWritable ? Self.readable | EPOLLOUT.rawValue : Self.readable
        return control(EPOLL_CTL_MOD, connection.descriptor, events, connection.token)
    }

    private static let readable = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLONESHOT.rawValue

    /// Blocks the calling thread until something happens.
    ///
    /// Before it does, others may run once: under load they have more to do by then, and it costs less to do
    /// that together than to fall asleep and be woken for each.
    ///
    /// - Parameter tokens: where to put what it was, of as much as has room.
    /// - Returns: how many there are; none after a signal.
    func wait(_ tokens: UnsafeMutableBufferPointer<UInt64>) -> Int {
        var count = ready(tokens, waits: false)
        if count == 0 {
            sched_yield()
            count = ready(tokens, waits: false)
        }
        return count == 0 ? ready(tokens, waits: true) : count
    }

    private func ready(_ tokens: UnsafeMutableBufferPointer<UInt64>, waits: Bool) -> Int {
        let limit = Int32(tokens.count)
        return Int(clinux_epoll_wait(descriptor, tokens.baseAddress, limit, waits ? 1 : 0))
    }

    /// What a token stands for; to be asked once of each.
    func source(of token: UInt64) -> Source {
        switch token {
        case Self.wakeToken: return .wake
        case Self.tickToken:
            var expirations: UInt64 = 0
            _ = read(timer, &expirations, 8)
            return .tick
        case ..<Self.pageSize: return .listener(Int(token - Self.firstListener))
        default: return .connection(token)
        }
    }

    /// Wakes all workers, for good.
    func wakeAll() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }
}

extension Duration {
    /// The same length for system calls.
    var timespec: CLinux.timespec {
        let (seconds, attoseconds) = components
        return CLinux.timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    }
}
