import Commerce
import MariaDB
import Redis
import Resilience
import Signing
import Web

/// Checkout sessions over HTTP: start, look at, change and drop.
struct CheckoutController: Sendable {
    let store: CheckoutStore
    let pricing: CheckoutPricing
    let carts: CustomerCarts
    let orders: OrderStore
    let methods: ShippingMethods
    let clock: WallClock
    /// How long a session lives after its last use.
    let slidingLife: Duration
    /// How long a session lives in all.
    let maximumLife: Duration

    var endpoints: [Endpoint] {
        let merge = ["application/json", "application/merge-patch+json"]
        return [
            Endpoint(
                method: .post,
                pattern: "/v1/checkout/sessions",
                access: .customerOrNobody,
                lane: .request,
                handler: .plain(create)
            ),
            Endpoint(
                method: .get,
                pattern: "/v1/checkout/sessions/{id}",
                access: .checkout,
                lane: .read,
                handler: .plain(show)
            ),
            Endpoint(
                method: .patch,
                pattern: "/v1/checkout/sessions/{id}",
                access: .checkout,
                lane: .request,
                handler: .plain(change),
                accepts: merge
            ),
            Endpoint(
                method: .delete,
                pattern: "/v1/checkout/sessions/{id}",
                access: .checkout,
                lane: .request,
                handler: .plain(drop)
            ),
        ]
    }

    // MARK: Start

    private func create(_ context: Context) throws -> Response {
        guard let session = context.principal.session else { return try createForGuest(context) }
        return try createForCustomer(session.userID, context)
    }

    private func createForGuest(_ context: Context) throws -> Response {
        let body = try BodyReader(context.request.body)
        let email = CheckoutInput.email(body, "email", required: true)
        let items = CheckoutInput.items(body, required: true)
        try body.finish()
        let priced = try pricing.lines(items ?? [], until: context.deadline, context.calls)
        let token = SecureRandom.token(prefix: CheckoutSession.tokenPrefix)
        let session = makeSession(
            .guest(SHA256.digest(token.utf8)),
            CheckoutSession.Contact(email: email),
            priced.lines
        )
        return try insert(session, token: token, context)
    }

    private func createForCustomer(_ userID: String, _ context: Context) throws -> Response {
        if !context.request.body.isEmpty { try BodyReader(context.request.body).finish() }
        let customer = try carts.read(userID, until: context.deadline, context.calls)
        guard !customer.items.isEmpty else {
            throw Problem.invalid(
                .unprocessableContent,
                pointer: "",
                code: "empty_cart",
                detail: "The cart is empty."
            )
        }
        let priced = try pricing.lines(customer.items, until: context.deadline, context.calls)
        var session = makeSession(.customer(userID), customer.contact, priced.lines)
        session.cart = customer.cart
        session.fromCache = customer.fromCache
        session.requiresVerification = customer.fromCache
        return try insert(session, token: nil, context)
    }

    private func makeSession(
        _ owner: CheckoutSession.Owner,
        _ contact: CheckoutSession.Contact,
        _ lines: [Line]
    ) -> CheckoutSession {
        let now = clock.now
        let closesAt = now + maximumLife
        return CheckoutSession(
            id: "chk_" + Base64URL.encode(SecureRandom.bytes(18)),
            owner: owner,
            contact: contact,
            billing: nil,
            shipping: CheckoutSession.Shipping(),
            lines: lines,
            cart: nil,
            fromCache: false,
            requiresVerification: false,
            version: 1,
            createdAt: now,
            expiresAt: min(now + slidingLife, closesAt),
            closesAt: closesAt
        )
    }

    private func insert(
        _ session: CheckoutSession,
        token: String?,
        _ context: Context
    ) throws -> Response {
        let body = try CheckoutRepresentation.session(session, methods, token: token)
        try store.insert(session, until: context.deadline)
        return Response.json(.created, body.serialized())
            .with("Location", "/v1/checkout/sessions/\(session.id)")
            .with("ETag", Self.tag(session))
    }

    // MARK: Look at, change, drop

    private func show(_ context: Context) throws -> Response {
        var session = try openSession(context)
        // The sliding end moves in steps, so that not every look writes a row.
        let end = min(clock.now + slidingLife, session.closesAt)
        if end.distance(from: session.expiresAt) > .seconds(60) {
            try store.extend(session, to: end, until: context.deadline)
            session.expiresAt = end
        }
        return try answer(session)
    }

    private func change(_ context: Context) throws -> Response {
        var session = try changeableSession(context)
        let body = try BodyReader(context.request.body)
        let items = CheckoutInput.items(body, required: false)
        CheckoutInput.merge(body, into: &session.contact)
        CheckoutInput.merge(body, into: &session.billing)
        CheckoutInput.merge(body, into: &session.shipping, methods)
        try body.finish()
        try EntityTag.check(ifMatch: context.request.text(.ifMatch), is: Self.tag(session))
        if let items {
            let priced = try pricing.lines(
                items,
                snapshot: session.lines,
                until: context.deadline,
                context.calls
            )
            session.lines = priced.lines
            session.requiresVerification = session.fromCache || priced.isFromSnapshot
            session.cart = nil
        }
        session.expiresAt = min(clock.now + slidingLife, session.closesAt)
        _ = try session.totalsOrProblem(methods)
        try store.update(session, until: context.deadline)
        session.version += 1
        return try answer(session)
    }

    private func drop(_ context: Context) throws -> Response {
        let session = try changeableSession(context)
        try store.delete(session.id, until: context.deadline)
        return Response(.noContent)
    }

    private func answer(_ session: CheckoutSession) throws -> Response {
        Response.json(
            .ok,
            try CheckoutRepresentation.session(session, methods).serialized()
        ).with("ETag", Self.tag(session))
    }

    /// The session of the path, if it is the principal's and has not expired.
    func openSession(_ context: Context) throws -> CheckoutSession {
        let session = try ownedSession(context)
        guard session.expiresAt <= clock.now else { return session }
        // It may have been given longer, and its copy not have heard of it.
        return try recordedSession(session.id, until: context.deadline)
    }

    /// The session of the path, if nothing has been ordered with it yet.
    private func changeableSession(_ context: Context) throws -> CheckoutSession {
        let session = try openSession(context)
        guard try orders.find(checkoutSession: session.id, until: context.deadline) == nil else {
            throw Problem.sessionCompleted
        }
        return session
    }

    /// The same session read from the record, if it has not expired.
    func recordedSession(_ id: String, until deadline: Deadline) throws -> CheckoutSession {
        guard let session = try store.record(id, until: deadline) else { throw Problem.notFound }
        guard session.expiresAt > clock.now else { throw Problem.sessionExpired }
        return session
    }

    /// The session of the path, if it is the principal's, expired or not.
    func ownedSession(_ context: Context) throws -> CheckoutSession {
        guard let id = context.captures.text(0), id.utf8.count <= 32,
            let session = try store.find(id, until: context.deadline),
            session.isOwned(by: context.principal)
        else { throw Problem.notFound }
        return session
    }

    private static func tag(_ session: CheckoutSession) -> String {
        "\"\(session.id)-\(session.version)\""
    }
}

extension CheckoutSession {
    func isOwned(by principal: Principal) -> Bool {
        switch (owner, principal) {
        case (.customer(let id), .session(let session)):
            id == session.userID && session.roles.contains(.customer)
        case (.guest(let hash), .checkout(let shown)): hash == shown
        default: false
        }
    }

    /// The totals, or a problem where the sum exceeds what an order can be.
    func totalsOrProblem(_ methods: ShippingMethods) throws(Problem) -> Totals {
        do throws(Money.Failure) {
            return try totals(methods)
        } catch {
            throw .invalid(
                .unprocessableContent,
                pointer: "/items",
                code: "range",
                detail: "The sum is larger than an order can be."
            )
        }
    }
}

extension Problem {
    static let sessionCompleted = Problem(
        .conflict,
        "illegal_transition",
        "This session has been completed."
    )

    static let versionConflict = Problem(
        .preconditionFailed,
        "version_conflict",
        "It was changed meanwhile; read it again."
    )
}
