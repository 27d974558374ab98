import Foundation
import Glibc
import Synchronization

/// Passes on what comes to a unix socket to another one, late where it is told to be.
///
/// It stands before a Redis, so that what a client means to store arrives after what others do
/// meanwhile.
package final class DelayingRelay: Sendable {
    package let socketPath: String
    private let target: String
    private let delay: @Sendable (_ piece: [UInt8]) -> Duration
    private let listener: Int32
    private let descriptors = Mutex<Set<Int32>>([])
    private let isStopped = Atomic(false)

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - socketPath: where; nobody does yet.
    ///   - target: the socket of the server.
    ///   - delay: how long a piece that a client has sent waits, those behind it with it; runs on the
    ///     connection's thread.
    /// - Throws: `ChildProcess.Failure`.
    package init(
        _ socketPath: String,
        to target: String,
        delay: @escaping @Sendable (_ piece: [UInt8]) -> Duration
    ) throws {
        self.socketPath = socketPath
        self.target = target
        self.delay = delay
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard Self.withAddress(socketPath, { bind(listener, $0, $1) }) == 0,
            listen(listener, 128) == 0
        else { throw ChildProcess.Failure(reason: "\(socketPath): \(errno)") }
        Thread.detachNewThread { [self] in accept() }
    }

    /// Ends all connections and takes no more; may be called again.
    package func stop() {
        // The descriptor may be another's then.
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        descriptors.withLock { all in
            for descriptor in all { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else {
                close(listener)
                return
            }
            let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard Self.withAddress(target, { connect(server, $0, $1) }) == 0 else {
                close(client)
                close(server)
                continue
            }
            descriptors.withLock { $0.formUnion([client, server]) }
            let pair = Pair(client: client, server: server, relay: self)
            Thread.detachNewThread { pair.carry(from: client, to: server, isDelayed: true) }
            Thread.detachNewThread { pair.carry(from: server, to: client, isDelayed: false) }
        }
    }

    /// Two ends, closed when both directions are at theirs.
    private final class Pair: Sendable {
        private let client: Int32
        private let server: Int32
        private let relay: DelayingRelay
        private let ended = Atomic(0)

        init(client: Int32, server: Int32, relay: DelayingRelay) {
            self.client = client
            self.server = server
            self.relay = relay
        }

        func carry(from source: Int32, to target: Int32, isDelayed: Bool) {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(source, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                let piece = Array(buffer[..<count])
                if isDelayed {
                    let delay = relay.delay(piece)
                    if delay > .zero {
                        Thread.sleep(forTimeInterval: Double(delay / .microseconds(1)) / 1_000_000)
                    }
                }
                guard Self.send(piece, to: target) else { break }
            }
            shutdown(source, Int32(SHUT_RDWR))
            shutdown(target, Int32(SHUT_RDWR))
            guard ended.add(1, ordering: .acquiringAndReleasing).newValue == 2 else { return }
            relay.descriptors.withLock { $0.subtract([client, server]) }
            close(client)
            close(server)
        }

        private static func send(_ bytes: [UInt8], to target: Int32) -> Bool {
            var start = 0
            while start < bytes.count {
                let count = bytes[start...].withUnsafeBytes {
                    Glibc.send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                start += count
            }
            return true
        }
    }

    private static func withAddress(
        _ path: String,
        _ use: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
