import CLinux
import Dispatch
import Resilience
import Synchronization

/// The open connections, which keeps them alive and closes their descriptors.
///
/// A descriptor is closed under the table's lock and only there, so whoever holds the lock and
/// finds a connection in the table can use its descriptor without hitting a newer connection that
/// got the same number.
final class ConnectionTable: Sendable {
    private let connections = Mutex<[UInt64: Connection]>([:])
    private let departure = DispatchSemaphore(value: 0)

    var count: Int {
        connections.withLock(\.count)
    }

    func add(_ connection: Connection) {
        connections.withLock { $0[connection.token] = connection }
    }

    /// Closes a connection; called by its owner, once.
    func close(_ connection: Connection) {
        connections.withLock { connections in
            guard connections.removeValue(forKey: connection.token) != nil else { return }
            CLinux.close(connection.descriptor)
        }
        departure.signal()
    }

    /// Ends the receiving side, so that the owner comes to the end of the stream.
    func endReceiving(_ connection: Connection) {
        connections.withLock { connections in
            guard connections[connection.token] === connection else { return }
            shutdown(connection.descriptor, Int32(SHUT_RD))
        }
    }

    /// Ends the receiving side of all idle connections.
    ///
    /// A request that is already in the socket's buffer is still received and answered.
    func endReceivingOfIdle() {
        connections.withLock { connections in
            for connection in connections.values
            where connection.phase.load(ordering: .sequentiallyConsistent) == .idle {
                shutdown(connection.descriptor, Int32(SHUT_RD))
            }
        }
    }

    /// Ends all connections in both directions; their owners close them when they notice.
    func endAll() {
        connections.withLock { connections in
            for connection in connections.values {
                shutdown(connection.descriptor, Int32(SHUT_RDWR))
            }
        }
    }

    /// Blocks until no connection is open, at most until the deadline.
    ///
    /// - Returns: whether none is open.
    func waitUntilEmpty(until deadline: Deadline) -> Bool {
        while count > 0 {
            let patience = deadline.remaining
            guard patience > .zero,
                departure.wait(timeout: .now() + patience.dispatchInterval) == .success
            else { return count == 0 }
        }
        return true
    }
}
