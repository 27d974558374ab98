package import MariaDB
package import Signing

/// What a guest may do with the one order that a token is for.
package enum GuestScope: String, Sendable, CaseIterable {
    case view
    case pay
    case invoice
    case manage
}

/// A set of scopes, stored as bits.
package struct GuestScopes: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package init(_ scope: GuestScope) {
        rawValue =
            switch scope {
            case .view: 1
            case .pay: 2
            case .invoice: 4
            case .manage: 8
            }
    }

    /// What the guest who completed the checkout may do: everything.
    package static let all = GuestScopes(rawValue: 15)

    /// What a link that was sent by mail is good for: calling an order off takes the token of
    /// its completion.
    static let ofLinks: GuestScopes = [
        GuestScopes(.view), GuestScopes(.pay), GuestScopes(.invoice),
    ]

    package var list: [GuestScope] { GuestScope.allCases.filter { contains(GuestScopes($0)) } }

    /// The text of a MariaDB SET column.
    package var columnText: String { list.map(\.rawValue).joined(separator: ",") }

    package init(columnText: String) {
        self = columnText.split(separator: ",").reduce(into: []) { scopes, word in
            if let scope = GuestScope(rawValue: String(word)) { scopes.insert(GuestScopes(scope)) }
        }
    }
}

/// A guest's access to one order, known by the SHA-256 of its token.
package struct GuestAccess: Sendable, Hashable {
    package static let tokenPrefix = "gt_"

    package let tokenHash: Digest
    package let orderID: Int64
    package let scopes: GuestScopes
    package let expiresAt: Timestamp
}

extension GuestAccess {
    /// The form in the cache: no owner; the body is
    /// `<expiry, microseconds>|<scopes, bits>|<order id>|`.
    var cacheEntry: CacheEntry {
        CacheEntry(
            version: 1,
            owner: nil,
            body: Array("\(expiresAt.microseconds)|\(scopes.rawValue)|\(orderID)|".utf8)
        )
    }

    /// Reads the form of the cache; nil if it is another one.
    init?(tokenHash: Digest, entry: CacheEntry) {
        var reader = entry.bodyReader
        guard let expiry = reader.number(), let scopes = reader.number(),
            let orderID = reader.number()
        else { return nil }
        self.init(
            tokenHash: tokenHash,
            orderID: orderID,
            scopes: GuestScopes(rawValue: UInt8(clamping: scopes)),
            expiresAt: Timestamp(microseconds: expiry)
        )
    }
}
