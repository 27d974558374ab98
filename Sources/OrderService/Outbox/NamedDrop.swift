import Web

/// An invalidation that names what has to go, as a message of the outbox; that of an order names the order.
///
/// It is written in the transaction of the change, and its keys are dropped after the commit.
protocol NamedDrop: Sendable {
    /// The message's topic.
    static var topic: String { get }

    /// Reads a message's payload; nil if it is another one.
    init?(payload: String)

    var payload: JSON { get }

    /// The keys of the entries.
    var keys: [[UInt8]] { get }
}
