import Commerce
import MariaDB
import Resilience
import Web

/// Look-ups by number and e-mail address over HTTP, and the links that the mailer makes of them.
///
/// The way of a look-up is the same whether or not there is such an order, so that neither its
/// answer nor its time tells: the limits are asked, one row is written. The worker finds out the
/// rest (`GuestLookUpJob`).
struct GuestLookUpController: Sendable {
    let store: GuestLookUpStore
    let limiter: GuestLookUpLimiter
    let digests: GuestDigests
    let guests: GuestAccessAuthority
    let clock: WallClock
    /// How long a look-up may be made a link of.
    let life: Duration

    private static let linkRoute = "/v1/guest/links"
    private static let accepted = JSON.object([("status", "accepted")]).serialized()

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                pattern: "/v1/guest/lookup",
                // Whoever needs a link may still have a token that is dead.
                access: .open,
                lane: .request,
                handler: .plain(lookUp)
            ),
            Endpoint(
                method: .post,
                pattern: Self.linkRoute,
                access: .session(.service),
                lane: .request,
                handler: .plain(issueLink)
            ),
        ]
    }

    private func lookUp(_ context: Context) throws -> Response {
        let body = try BodyReader(context.request.body)
        let number = body.string("orderNumber", length: 1...64, required: true)
        let email = body.string("email", length: 1...254, required: true)
        try body.finish()
        guard let number, let email else { throw Problem.internalError }
        let orderNumber = OrderNumber(parsing: number)
        let now = clock.now
        let lookUp = GuestLookUp(
            publicID: GuestLookUp.makeID(),
            orderNumber: orderNumber,
            emailDigest: digests.digest(email: email),
            network: ClientNetwork(address: context.request.remoteAddress),
            requestedAt: now,
            expiresAt: now + life
        )
        try limiter.admit(
            lookUp,
            number: orderNumber?.description ?? number.uppercased(),
            until: context.deadline
        )
        try store.insert(lookUp, until: context.deadline)
        return Response.json(.accepted, Self.accepted)
    }

    private func issueLink(_ context: Context) throws -> Response {
        let body = try BodyReader(context.request.body)
        let publicID = body.string("lookupId", length: 1...64, required: true)
        try body.finish()
        guard let publicID else { throw Problem.internalError }
        guard GuestLookUp.isID(publicID) else { throw Problem.notFound }
        let now = clock.now
        let issued = try store.database.transaction(class: .write, until: context.deadline) {
            transaction in
            // The order is locked before the look-up, as by whoever ends all that opens it.
            guard
                let orderID = try GuestLookUpStore.find(publicID, in: &transaction)?.orderID
            else { throw Problem.notFound }
            try GuestAccessAuthority.lockOrder(orderID, in: &transaction)
            guard
                let found = try GuestLookUpStore.find(
                    publicID,
                    isLocking: true,
                    in: &transaction
                ), found.orderID == orderID
            else { throw Problem.notFound }
            guard found.linkIssuedAt == nil, found.expiresAt > now else {
                throw Problem.linkExpired
            }
            try GuestLookUpStore.noteLink(of: found.rowID, at: now, in: &transaction)
            let issued = try guests.issue(
                orderID: orderID,
                scopes: .ofLinks,
                origin: .link,
                in: &transaction
            )
            let access = GuestAccessEntry(
                orderID: orderID,
                event: .linkIssued,
                tokenHash: issued.access.tokenHash,
                route: "POST \(Self.linkRoute)",
                network: ClientNetwork(address: context.request.remoteAddress),
                at: now
            )
            try GuestAccessStore.insert([access], in: &transaction)
            return issued
        }
        let answer: JSON = [
            "token": .string(issued.token),
            "expiresAt": .string(issued.access.expiresAt.rfc3339),
        ]
        return Response.json(.created, answer.serialized())
    }
}

extension Problem {
    /// One word for both: the mailer can do nothing about either.
    fileprivate static let linkExpired = Problem(
        .gone,
        "link_expired",
        "The link of this look-up has been issued, or its time is over."
    )
}
