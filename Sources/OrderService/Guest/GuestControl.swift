package import Resilience
package import Web

/// What operators do with guests' access from the command line.
package struct GuestControl: Sendable {
    let guests: GuestAccessAuthority
    let accesses: GuestAccessStore
    let audit: AuditTrail

    /// An order's tokens in the API's form, newest first, at most 100.
    ///
    /// - Throws: `MariaDBError`.
    package func tokens(of orderID: Int64, until deadline: Deadline) throws -> [JSON] {
        let now = guests.clock.now
        return try guests.tokens(of: orderID, until: deadline)
            .map { GuestDeskRepresentation.token($0, at: now) }
    }

    /// The record of an order's guests in the API's form, newest first.
    ///
    /// - Throws: `MariaDBError`.
    package func accesses(
        of orderID: Int64,
        limit: Int,
        until deadline: Deadline
    ) throws -> [JSON] {
        try accesses.records(ofOrder: orderID, before: 0, limit: limit, until: deadline)
            .map(GuestDeskRepresentation.access)
    }

    /// Ends one of an order's tokens, or all of them, once that is on record.
    ///
    /// - Parameters:
    ///   - tokenID: of the one that ends; nil for all.
    ///   - orderID: the order.
    ///   - account: the unix account that wants it.
    ///   - reason: why, in the operator's words.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: how many ended; one that is named counts also if it had ended before.
    /// - Throws: `MariaDBError`.
    package func revoke(
        _ tokenID: String?,
        of orderID: Int64,
        by account: String,
        reason: String,
        until deadline: Deadline
    ) throws -> Int {
        try audit.note(
            command: "guests revoke",
            by: account,
            orderID: orderID,
            subject: tokenID,
            reason: reason,
            until: deadline
        )
        let actor = "cli:\(account)"
        guard let tokenID else {
            return try guests.revokeAll(of: orderID, by: actor, until: deadline)
        }
        return try guests.revoke(tokenID, of: orderID, by: actor, until: deadline) == nil ? 0 : 1
    }
}

extension Services {
    /// What operators do with guests' access.
    package var guestControl: GuestControl {
        GuestControl(guests: guests, accesses: guestAccesses.store, audit: audit)
    }
}
