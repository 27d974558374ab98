import Redis
import Resilience
import Signing
import Web

/// A look-up of one order that a cache can answer: summary, payment status, tracking.
///
/// A hit makes one trip to Redis, for the credential and the entry together, and neither decodes
/// nor encodes JSON.
struct OrderLookUp: Sendable {
    let name: CacheName
    let access: Access
    let cache: LookUpCache
    let revoked: RecentRevocations
    let sessionUses: SessionUses
    let clock: WallClock
    /// The answer's body, from the record.
    let load: @Sendable (Order, Deadline) throws -> JSON
    /// Method and pattern, for the record of guests' access.
    let route: String
    let guestAccesses: GuestAccessLog

    /// Where the order's id comes from.
    enum Target: Sendable {
        case path
        case guestToken
    }
    let target: Target

    /// Answers from the cache alone; nil if anything is missing, odd or not allowed, which the
    /// slow path sorts out.
    func quickAnswer(
        _ request: Request,
        _ captures: Captures,
        until deadline: Deadline
    ) -> Response? {
        guard let credential = try? Credential(request), target == .path,
            let orderID = captures.number(0), !revoked.lists(credential.tokenHash)
        else { return nil }
        let cacheName: CacheName
        switch credential.kind {
        case .session: cacheName = .session
        case .guest: cacheName = .guestToken
        case .checkout: return nil
        }
        let commands = [
            Command("GET", cacheName.key(credential.tokenHash)),
            Command("GET", name.key(orderID)),
        ]
        guard let replies = try? cache.redis.pipeline(commands, until: deadline),
            let credentialEntry = replies.first?.bytes.flatMap({ CacheEntry(stored: $0) }),
            let entry = replies.last?.bytes.flatMap({ CacheEntry(stored: $0) }),
            admits(credential, credentialEntry, to: orderID, owner: entry.owner, request)
        else { return nil }
        if credential.kind == .session { sessionUses.note(credential.tokenHash) }
        return answer(entry, orderID: orderID, request)
    }

    private func admits(
        _ credential: Credential,
        _ credentialEntry: CacheEntry,
        to orderID: Int64,
        owner: ArraySlice<UInt8>,
        _ request: Request
    ) -> Bool {
        guard case .order(let scope, _) = access else { return false }
        if credential.kind == .session {
            guard let session = Session(tokenHash: credential.tokenHash, entry: credentialEntry),
                session.expiresAt > clock.now
            else { return false }
            // Staff take the slow path, which puts their look on record.
            return session.roles.contains(.customer) && !owner.isEmpty
                && owner.elementsEqual(credentialEntry.owner)
        }
        guard let guest = GuestAccess(tokenHash: credential.tokenHash, entry: credentialEntry),
            guest.expiresAt > clock.now, let scope
        else { return false }
        guard guest.orderID == orderID, guest.scopes.contains(GuestScopes(scope)) else {
            return false
        }
        guestAccesses.note(guest, route: route, request)
        return true
    }

    /// Answers from the record, filling the cache.
    ///
    /// The order is read once, under the lease: a change since then has dropped the lease as well.
    ///
    /// - Parameters:
    ///   - id: the order's, as the request names it.
    ///   - context: the request.
    ///   - find: reads the order, and throws unless it may be seen.
    /// - Returns: the answer.
    /// - Throws: what `find` throws, `MariaDBError`.
    func answer(_ id: Int64, _ context: Context, find: () throws -> Order) throws -> Response {
        var order: Order?
        var entry = try cache.entry(
            name,
            key: name.key(id),
            minimumVersion: EntityTag.version(in: context.request, orderID: id) ?? 0,
            until: context.deadline
        ) {
            let found = try find()
            order = found
            return try self.entry(of: found, until: context.deadline)
        }
        if order == nil {
            // What the cache has may be seen by whoever may see the order.
            let found = try find()
            if let cached = entry, cached.version < found.version { entry = nil }
            entry = try entry ?? self.entry(of: found, until: context.deadline)
        }
        guard let entry else { throw Problem.orderNotFound }
        return answer(entry, orderID: id, context.request)
            ?? Response.json(.ok, Array(entry.body), caching: .revalidate)
    }

    private func entry(of order: Order, until deadline: Deadline) throws -> CacheEntry {
        let body = try load(order, deadline).serialized()
        return CacheEntry(version: order.version, owner: order.userID, body: body)
    }

    /// The answer of an entry; nil if the client has seen a newer version already.
    private func answer(_ entry: CacheEntry, orderID: Int64, _ request: Request) -> Response? {
        let tag = EntityTag.text(orderID: orderID, version: entry.version)
        if let seen = EntityTag.version(in: request, orderID: orderID) {
            guard seen <= entry.version else { return nil }
            if seen == entry.version { return Response.notModified(tag: tag) }
        }
        return Response.json(.ok, Array(entry.body), caching: .revalidate).with("ETag", tag)
    }
}

/// The entity tag of an order's look-ups: `"<id>-<version>"`.
enum EntityTag {
    static func text(orderID: Int64, version: Int64) -> String { "\"\(orderID)-\(version)\"" }

    /// The version that `If-None-Match` names of this order; nil if it names none.
    static func version(in request: Request, orderID: Int64) -> Int64? {
        guard let header = request.text(.ifNoneMatch) else { return nil }
        return header.split(separator: ",").compactMap { tag -> Int64? in
            let bare = String(tag).trimmed.replacing("W/", with: "").replacing("\"", with: "")
            let parts = bare.split(separator: "-")
            guard parts.count == 2, Int64(parts[0]) == orderID else { return nil }
            return Int64(parts[1])
        }.max()
    }
}
