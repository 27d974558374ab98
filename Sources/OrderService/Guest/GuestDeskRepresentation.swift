import MariaDB
import Web

/// The JSON forms of guests' tokens and their use, without anything that opens an order.
enum GuestDeskRepresentation {
    /// A token as staff see it.
    static func token(_ token: IssuedGuestToken, at now: Timestamp) -> JSON {
        [
            "id": .string(token.id.description),
            "scopes": .array(token.scopes.list.map { .string($0.rawValue) }),
            "origin": .string(token.origin.rawValue),
            "live": .bool(token.endsAt > now),
            "createdAt": .string(token.createdAt.rfc3339),
            "endsAt": .string(token.endsAt.rfc3339),
            "revokedBy": JSON(token.revokedBy),
            "lastUsedAt": JSON(token.lastUsedAt?.rfc3339),
        ]
    }

    /// An entry of the record of guests' access.
    static func access(_ record: GuestAccessStore.Record) -> JSON {
        let entry = record.entry
        return [
            "id": .integer(record.id),
            "at": .string(entry.at.rfc3339),
            "event": .string(entry.event.rawValue),
            "tokenId": JSON(entry.tokenHash.map { GuestTokenID(ofHash: $0).description }),
            "route": .string(entry.route),
            "network": JSON(entry.network?.text),
        ]
    }
}
