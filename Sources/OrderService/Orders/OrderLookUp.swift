import Resilience
import Web

/// A look-up of one order that a cache can answer: summary, payment status, tracking.
///
/// A hit makes one trip to Redis, for the credential and the entry together, and neither decodes
/// nor encodes JSON.
final class OrderLookUp: Sendable {
    typealias Load =
        @Sendable (_ ids: [Int64], _ token: [UInt8]?, Deadline) throws -> [Int64: CacheEntry]

    let name: CacheName
    let access: Access
    let cache: LookUpCache
    let quick: QuickReader
    /// What the cache keeps of orders, by their ids, as the record has it now, read under leases of a token;
    /// leaves out those there are not.
    let load: Load
    /// Method and pattern, for the record of guests' access.
    let route: String
    let guestAccesses: GuestAccessLog

    /// Where the order's id comes from.
    enum Target: Sendable {
        case path
        case guestToken
    }
    let target: Target

    init(
        name: CacheName,
        access: Access,
        cache: LookUpCache,
        quick: QuickReader,
        load: @escaping Load,
        route: String,
        guestAccesses: GuestAccessLog,
        target: Target
    ) {
        self.name = name
        self.access = access
        self.cache = cache
        self.quick = quick
        self.load = load
        self.route = route
        self.guestAccesses = guestAccesses
        self.target = target
    }

    /// Asks the cache for an answer; what is odd, the slow path sorts out.
    func question(_ request: Request, _ captures: Captures) -> QuickQuestion? {
        guard target == .path, let orderID = captures.number(0) else { return nil }
        return quick.question(name.key(orderID), for: request) { [self] found in
            look(found, at: orderID, request)
        }
    }

    /// Answers from the cache alone, unless anything is missing, odd or not allowed.
    private func look(
        _ found: QuickReader.Found,
        at orderID: Int64,
        _ request: Request
    ) -> QuickLook {
        let principal = found.principal
        guard found.has(0) else {
            quick.noteCredential(found)
            return .missing(askedBy: principal)
        }
        guard let entry = found.entry(0)?.ifPresent,
            let answer = answer(entry, orderID: orderID, request)
        else { return .nothing }
        if admits(principal, to: orderID, owner: entry.owner, request) {
            quick.noteUse(by: principal)
            quick.noteHit(found, name, entry)
            return .answer(answer)
        }
        let order = OwnedOrder(id: orderID, userID: entry.userID)
        guard let session = principal.session, access.admits(principal, to: order) else {
            return .nothing
        }
        quick.noteHit(found, name, entry)
        return .onRecord(answer, askedBy: session, about: order)
    }

    /// Whether it is an owner or a guest who may see the order.
    private func admits(
        _ principal: Principal,
        to orderID: Int64,
        owner: ArraySlice<UInt8>,
        _ request: Request
    ) -> Bool {
        guard case .order(let scope, _) = access else { return false }
        switch principal {
        case .session(let session):
            return session.roles.contains(.customer) && !owner.isEmpty
                && owner.elementsEqual(session.userID.utf8)
        case .guest(let guest):
            guard let scope, guest.orderID == orderID, guest.scopes.contains(GuestScopes(scope))
            else { return false }
            guestAccesses.note(guest, route: route, request)
            return true
        case .nobody, .checkout:
            return false
        }
    }

    /// Answers from the record, or from what somebody has just put into the cache, filling it.
    ///
    /// The order is read once, under the lease: a change since then has dropped the lease as well.
    /// Who may not see it brings nothing into the cache, and makes nobody read what it has.
    ///
    /// - Parameters:
    ///   - id: the order's, as the request names it.
    ///   - context: the request.
    ///   - landing: what was found for it just now, with `landings`, and is new enough.
    ///   - mayShow: whether the principal may see such an order.
    /// - Returns: the answer, and whose the order is.
    /// - Throws: a `Problem` with 404, if there is no such order or it may not be seen; `MariaDBError`.
    func answer(
        _ id: Int64,
        _ context: Context,
        given landing: LookUpCache.Landing? = nil,
        if mayShow: (OwnedOrder) -> Bool
    ) throws -> (response: Response, order: OwnedOrder) {
        let entry: CacheEntry?
        if let landing {
            entry = landing.entry.ifPresent
        } else {
            entry = try cache.entry(
                name,
                key: name.key(id),
                if: {
                    suffices($0, context.request, orderID: id)
                        || !mayShow(OwnedOrder(id: id, userID: $0.userID))
                },
                isKnownMissing: context.isKnownMissing,
                until: context.deadline,
                load: { token in
                    let entry = try load([id], token, context.deadline)[id]
                    guard mayShow(OwnedOrder(id: id, userID: entry?.userID)) else {
                        throw Problem.orderNotFound
                    }
                    return entry
                }
            )
        }
        guard let entry else { throw Problem.orderNotFound }
        let order = OwnedOrder(id: id, userID: entry.userID)
        guard mayShow(order) else { throw Problem.orderNotFound }
        let response =
            answer(entry, orderID: id, context.request)
            // The client has seen a version that is none, perhaps beside the present one.
            ?? answerOfRecord(entry, EntityTag.text(orderID: id, version: entry.version), context)
        return (response, order)
    }

    /// Whether an entry is no older than what the client has seen.
    func suffices(_ entry: CacheEntry, _ request: Request, orderID: Int64) -> Bool {
        entry.version >= EntityTag.version(in: request, orderID: orderID) ?? 0
    }

    /// What several requests have missed, read from the record together, filling the cache.
    ///
    /// - Parameters:
    ///   - ids: the orders', each once.
    ///   - deadline: of the requests.
    ///   - mayShow: whether somebody who asks for an order may see it; what nobody may is not stored.
    /// - Returns: by the orders' ids; without those that somebody else is about to store.
    /// - Throws: `MariaDBError`.
    func landings(
        missing ids: [Int64],
        until deadline: Deadline,
        if mayShow: (OwnedOrder) -> Bool
    ) throws -> [Int64: LookUpCache.Landing] {
        let landings = try cache.entries(
            missing: ids.map { name.key($0) },
            in: name,
            until: deadline,
            mayStore: { mayShow(OwnedOrder(id: ids[$0], userID: $1.userID)) },
            load: { places, token in
                let entries = try load(places.map { ids[$0] }, token, deadline)
                return places.reduce(into: [:]) { $0[$1] = entries[ids[$1]] }
            }
        )
        return zip(ids, landings).reduce(into: [:]) { $0[$1.0] = $1.1 }
    }

    private func answerOfRecord(
        _ entry: CacheEntry,
        _ tag: String,
        _ context: Context
    ) -> Response {
        guard !EntityTag.isKnown(tag, in: context.request) else {
            return Response.notModified(tag: tag)
        }
        return Response.json(.ok, Array(entry.body), caching: .revalidate).with("ETag", tag)
    }

    /// The answer of an entry; nil if the client has seen a newer version already.
    private func answer(_ entry: CacheEntry, orderID: Int64, _ request: Request) -> Response? {
        let tag = EntityTag.text(orderID: orderID, version: entry.version)
        if let seen = EntityTag.version(in: request, orderID: orderID) {
            guard seen <= entry.version else { return nil }
            if seen == entry.version { return Response.notModified(tag: tag) }
        } else if EntityTag.isAny(in: request) {
            return Response.notModified(tag: tag)
        }
        return Response.json(.ok, Array(entry.body), caching: .revalidate).with("ETag", tag)
    }
}
