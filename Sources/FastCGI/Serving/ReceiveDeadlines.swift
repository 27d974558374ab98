import Resilience
import Synchronization

/// The instants by which requests that have only begun to arrive must be whole.
///
/// Rarely used: a request of a web server that buffers is there with one read.
final class ReceiveDeadlines: Sendable {
    private let pending = Mutex<[UInt64: (connection: Connection, deadline: Deadline)]>([:])

    func set(_ deadline: Deadline, for connection: Connection) {
        pending.withLock { $0[connection.token] = (connection, deadline) }
    }

    func clear(_ connection: Connection) {
        _ = pending.withLock { $0.removeValue(forKey: connection.token) }
    }

    /// Takes out the connections whose time has run out.
    func takeExpired() -> [Connection] {
        pending.withLock { pending in
            guard !pending.isEmpty else { return [] }
            let expired = pending.values.filter(\.deadline.isExpired).map(\.connection)
            for connection in expired { pending.removeValue(forKey: connection.token) }
            return expired
        }
    }
}
