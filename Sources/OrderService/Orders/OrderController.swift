import Commerce
import Resilience
import Web

/// Look-ups of orders over HTTP, for owners, guests and staff.
struct OrderController: Sendable {
    let orders: OrderStore
    let payments: PaymentStore
    let cache: LookUpCache
    let revoked: RecentRevocations
    let sessionUses: SessionUses
    let clock: WallClock
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
        return byID + byToken + [
            Endpoint(
                method: .get,
                pattern: "/v1/orders",
                access: .session(.customer),
                lane: .read,
                handler: .plain(ownHistory)
            ),
            Endpoint(
                method: .get,
                pattern: "/v1/users/{userId}/orders",
                access: .session([.support, .admin]),
                lane: .read,
                handler: .plain(userHistory)
            ),
        ]
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
            handler = lookUp(.orderSummaries, pattern, access, target) { order, _ in
                OrderRepresentation.summary(order)
            }
        case .payment:
            handler = lookUp(.paymentStatus, pattern, access, target) {
                [payments] order, deadline in
                let payment = try payments.current(of: order.id, until: deadline)
                let attempts = try payment.map {
                    try payments.attempts(of: $0.id, until: deadline)
                }
                return PaymentRepresentation.status(order, payment, attempts ?? [])
            }
        case .tracking:
            handler = lookUp(.orderTracking, pattern, access, target) { [orders] order, deadline in
                OrderRepresentation.tracking(
                    order,
                    try orders.shipment(of: order.id, until: deadline)
                )
            }
        case .items:
            handler = .order { [orders] context, order in
                let lines = try orders.lines(of: order.id, until: context.deadline)
                let body = OrderRepresentation.items(order, lines).serialized()
                return Self.revalidated(body, order, context.request)
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
        _ load: @escaping @Sendable (Order, Deadline) throws -> JSON
    ) -> Endpoint.Handler {
        .cachedLookUp(
            OrderLookUp(
                name: name,
                access: access,
                cache: cache,
                revoked: revoked,
                sessionUses: sessionUses,
                clock: clock,
                load: load,
                route: "GET \(pattern)",
                guestAccesses: guestAccesses,
                target: target
            )
        )
    }

    private func events(_ context: Context, _ order: Order) throws -> Response {
        let isStaff = !context.principal.roles.isDisjoint(with: Self.staff)
        let events = try orders.events(
            of: order.id,
            publicOnly: !isStaff,
            until: context.deadline
        )
        let body = OrderRepresentation.events(order, events, isStaff: isStaff).serialized()
        return Self.revalidated(body, order, context.request)
    }

    /// An answer that changes only with the order's version.
    private static func revalidated(
        _ body: [UInt8],
        _ order: Order,
        _ request: Request
    ) -> Response {
        let tag = EntityTag.text(orderID: order.id, version: order.version)
        if EntityTag.version(in: request, orderID: order.id) == order.version {
            return Response.notModified(tag: tag)
        }
        return Response.json(.ok, body, caching: .revalidate).with("ETag", tag)
    }

    // MARK: History

    private func ownHistory(_ context: Context) throws -> Response {
        guard let session = context.principal.session else { throw Problem.unauthenticated }
        return try history(of: session.userID, context)
    }

    private func userHistory(_ context: Context) throws -> Response {
        guard let userID = context.captures.text(0), isUserID(userID) else {
            throw Problem.notFound
        }
        return try history(of: userID, context)
    }

    private func history(of userID: String, _ context: Context) throws -> Response {
        let page = try PageRequest(context.request.query)
        let (orders, total) = try orders.history(
            of: userID,
            page: page.number,
            size: page.size,
            until: context.deadline
        )
        let body = OrderRepresentation.page(
            orders.map(OrderRepresentation.summary),
            page: page.number,
            size: page.size,
            total: total
        )
        return Response.json(.ok, body.serialized(), caching: .revalidate)
    }
}

/// `?page=0&size=20`: pages count from 0, a size is 1 to 100.
struct PageRequest: Sendable {
    let number: Int
    let size: Int

    init(_ query: Query) throws(Problem) {
        number = try Self.value(query, "page", in: 0...1_000_000) ?? 0
        size = try Self.value(query, "size", in: 1...100) ?? 20
    }

    private static func value(
        _ query: Query,
        _ name: String,
        in range: ClosedRange<Int>
    ) throws(Problem) -> Int? {
        guard let text = query[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw .invalid(
                .badRequest,
                pointer: "?\(name)",
                code: "range",
                detail: "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return value
    }
}
