import Commerce
import MariaDB

/// What we have written down of an order and its payments.
struct OrderBooks: Sendable {
    struct Entry: Sendable {
        let payment: Payment
        let isVoid: Bool
        let updatedAt: Timestamp
    }

    let order: Order
    /// In the order of their making.
    var entries: [Entry] = []

    /// The payment that counts: the live one, or else the last that was not given up.
    var current: Payment? {
        let candidates = entries.filter { !$0.isVoid }.map(\.payment)
        return candidates.last { $0.status != .failed && $0.status != .cancelled }
            ?? candidates.last
    }

    /// When something of it was last written.
    var updatedAt: Timestamp {
        entries.map(\.updatedAt).reduce(order.updatedAt, max)
    }

    func entry(_ publicID: String?) -> Entry? {
        entries.first { $0.payment.publicID == publicID }
    }
}

/// A reservation as its row tells.
struct ReservationRow: Sendable {
    let id: Int64
    let orderID: Int64
    let key: String
    let status: ReservationStatus
    let updatedAt: Timestamp

    var isLive: Bool { status == .held || status == .optimistic || status == .committed }
}
