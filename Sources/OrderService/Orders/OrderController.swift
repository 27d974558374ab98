import Commerce
import Resilience
import Web

/// Look-ups of orders over HTTP, for owners, guests and staff.
struct OrderController: Sendable {
    let orders: OrderStore
    let payments: PaymentStore
    let cache: LookUpCache
    let recentChanges: RecentChanges
    let quick: QuickReader
    let guestAccesses: GuestAccessLog

    private static let staff: Roles = [.support, .finance, .admin, .service]

    /// What of an order can be looked up, and from which cache.
    private enum Part: String, CaseIterable {
        case summary = ""
        case items = "/items"
        case payment = "/payment"
        case tracking = "/tracking"
        case events = "/events"
    }

    var endpoints: [Endpoint] {
        let byID = Part.allCases.map { part in
            endpoint(
                part,
                pattern: "/v1/orders/{id}\(part.rawValue)",
                access: .order(guest: .view, staff: Self.staff),
                target: .path
            )
        }
        let guestParts: [Part] = [.summary, .items, .payment, .tracking]
        let byToken = guestParts.map { part in
            endpoint(
                part,
                pattern: "/v1/guest/order\(part.rawValue)",
                access: .guest(.view),
                target: .guestToken
            )
        }
        return byID + byToken
    }

    private func endpoint(
        _ part: Part,
        pattern: String,
        access: Access,
        target: OrderLookUp.Target
    ) -> Endpoint {
        let handler: Endpoint.Handler
        switch part {
        case .summary:
            handler = lookUp(.orderSummaries, pattern, access, target, summaries)
        case .payment:
            handler = lookUp(.paymentStatus, pattern, access, target, payments)
        case .tracking:
            handler = lookUp(.orderTracking, pattern, access, target, trackings)
        case .items:
            handler = .order { [orders] context, order in
                let lines = try orders.lines(of: order.id, until: context.deadline)
                let body = OrderRepresentation.items(order, lines).serialized()
                let tag = EntityTag.text(orderID: order.id, version: order.version)
                return Self.revalidated(body, tag, context.request)
            }
        case .events:
            handler = .order(events)
        }
        return Endpoint(
            method: .get,
            pattern: pattern,
            access: access,
            lane: .read,
            handler: handler
        )
    }

    private func lookUp(
        _ name: CacheName,
        _ pattern: String,
        _ access: Access,
        _ target: OrderLookUp.Target,
        _ load: @escaping OrderLookUp.Load
    ) -> Endpoint.Handler {
        .cachedLookUp(
            OrderLookUp(
                name: name,
                access: access,
                cache: cache,
                quick: quick,
                load: load,
                route: "GET \(pattern)",
                guestAccesses: guestAccesses,
                target: target
            )
        )
    }

    @Sendable private func summaries(
        _ ids: [Int64],
        under token: [UInt8]?,
        until deadline: Deadline
    ) throws -> [Int64: CacheEntry] {
        let found = try orders.summaries(of: ids, until: deadline).map { order in
            (order: OrderVersion(order), entry: OrderRepresentation.summaryEntry(order))
        }
        return entries(found, under: token, until: deadline)
    }

    @Sendable private func payments(
        _ ids: [Int64],
        under token: [UInt8]?,
        until deadline: Deadline
    ) throws -> [Int64: CacheEntry] {
        let found = try payments.lookUps(ofOrders: ids, until: deadline).map { found in
            (found.order, CacheEntry(of: found.order, PaymentRepresentation.status(found)))
        }
        return entries(found, under: token, until: deadline)
    }

    @Sendable private func trackings(
        _ ids: [Int64],
        under token: [UInt8]?,
        until deadline: Deadline
    ) throws -> [Int64: CacheEntry] {
        let found = try orders.trackings(of: ids, until: deadline).map { found in
            (found.order, CacheEntry(of: found.order, OrderRepresentation.tracking(found)))
        }
        return entries(found, under: token, until: deadline)
    }

    /// What was read, by the orders' ids, once caches hold nothing older.
    private func entries(
        _ found: [(order: OrderVersion, entry: CacheEntry)],
        under token: [UInt8]?,
        until deadline: Deadline
    ) -> [Int64: CacheEntry] {
        recentChanges.drop(before: found.map(\.order), keeping: token, until: deadline)
        return found.reduce(into: [:]) { $0[$1.order.id] = $1.entry }
    }

    private func events(_ context: Context, _ order: Order) throws -> Response {
        // Of their own orders staff are told what any customer is: no record is kept of that.
        let isStaff =
            !context.principal.roles.isDisjoint(with: Self.staff)
            && context.principal.isOutsider(to: order.owned)
        let events = try orders.events(
            of: order.id,
            upTo: order.version,
            publicOnly: !isStaff,
            until: context.deadline
        )
        let body = OrderRepresentation.events(order, events, isStaff: isStaff).serialized()
        let tag =
            isStaff
            ? EntityTag.text(staff: order.id, version: order.version)
            : EntityTag.text(orderID: order.id, version: order.version)
        return Self.revalidated(body, tag, context.request)
    }

    /// An answer that changes only with its tag.
    private static func revalidated(
        _ body: [UInt8],
        _ tag: String,
        _ request: Request
    ) -> Response {
        guard !EntityTag.isKnown(tag, in: request) else { return Response.notModified(tag: tag) }
        return Response.json(.ok, body, caching: .revalidate).with("ETag", tag)
    }
}

extension CacheEntry {
    /// A part of an order.
    fileprivate init(of order: OrderVersion, _ body: JSON) {
        self.init(version: order.version, owner: order.userID, body: body.serialized())
    }
}
