import Web

/// A checkout session that was changed or removed.
struct CheckoutDrop: NamedDrop {
    static let topic = "checkout.changed"

    let sessionID: String

    init(_ sessionID: String) {
        self.sessionID = sessionID
    }

    init?(payload: String) {
        guard let json = try? JSON(parsing: Array(payload.utf8)), let id = json["session"]?.string
        else { return nil }
        sessionID = id
    }

    var payload: JSON { ["session": .string(sessionID)] }

    var keys: [[UInt8]] { [CacheName.checkoutSession.key(sessionID)] }
}
