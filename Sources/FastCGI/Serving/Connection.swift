import CLinux
import Synchronization

/// One connection of the web server.
///
/// Sendable because it has one owner at a time: its descriptor is armed for one event
/// (EPOLLONESHOT), the thread that gets it owns the connection until it arms it again or hands it
/// on. The phase is stored before it is armed and loaded after the event, which orders what the
/// two threads see. Others touch the atomics only.
final class Connection: @unchecked Sendable {
    enum Phase: Int, AtomicRepresentable {
        /// Kept, with nothing pending: may be closed at any time.
        case idle
        /// A request has begun to arrive.
        case receiving
        /// A request is being answered.
        case answering
    }

    let descriptor: Int32
    let phase = Atomic(Phase.idle)
    /// Whether the time for receiving ran out, which the owner learns as the end of the stream.
    let isTimedOut = Atomic(false)

    var gate: RequestGate
    /// Bytes that arrived behind a request, to be looked at once it is answered.
    var leftover: [UInt8] = []
    /// Whether the connection has been given up and only waits for the web server to read the
    /// last answer; what arrives is discarded.
    var isDraining = false
    /// What the kernel may have charged for answers since all were known to be read; in bytes.
    var unreadCharge = 0
    var hasDeadline = false
    /// Whether that deadline is the one for the body.
    var isBodyDeadline = false

    init(descriptor: Int32, limits: RequestGate.Limits) {
        self.descriptor = descriptor
        gate = RequestGate(limits: limits)
    }

    /// Names the connection in the event set; valid while the table keeps the connection.
    var token: UInt64 {
        UInt64(UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()))
    }
}
