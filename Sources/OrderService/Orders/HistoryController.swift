import Resilience
import Web

/// A customer's orders, page by page, for the customer and for support.
struct HistoryController: Sendable {
    let orders: OrderStore
    let cache: LookUpCache
    let recentChanges: RecentChanges
    let quick: QuickReader

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .get,
                pattern: "/v1/orders",
                access: .session(.customer),
                lane: .read,
                handler: .quick(quickHistory, orElse: ownHistory)
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

    /// Answers from the cache alone, unless anything is missing, odd or not allowed, which the slow path
    /// sorts out.
    private func quickHistory(_ request: Request, _: Captures) -> QuickQuestion? {
        guard let credential = quick.credential(of: request), credential.kind == .session,
            let page = try? PageRequest(request.query)
        else { return nil }
        let asked = cache.sessionAndPage(credential.tokenHash, page)
        return QuickQuestion(commands: asked.commands, weight: 2) { replies in
            guard let found = asked.entries(replies),
                let principal = quick.principal(credential, found.session),
                principal.roles.contains(.customer)
            else { return .nothing }
            guard let entry = found.page else { return .missing(askedBy: principal) }
            quick.noteUse(by: principal)
            return .answer(answer(entry, request))
        }
    }

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
        let entry = try cache.page(
            page,
            of: userID,
            isKnownMissing: context.isKnownMissing,
            until: context.deadline
        ) { token in
            try read(page, of: userID, under: token, until: context.deadline)
        }
        return answer(entry, context.request)
    }

    private func read(
        _ page: PageRequest,
        of userID: String,
        under token: [UInt8]?,
        until deadline: Deadline
    ) throws -> (entry: CacheEntry, isBeyondEnd: Bool) {
        let (orders, total) = try orders.history(
            of: userID,
            page: page.number,
            size: page.size,
            until: deadline
        )
        recentChanges.drop(
            before: orders.map(OrderVersion.init),
            keeping: token,
            until: deadline
        )
        let body = OrderRepresentation.page(
            orders.map { OrderRepresentation.summary($0) },
            page: page.number,
            size: page.size,
            total: total
        ).serialized()
        // A page has no version of its own.
        let entry = CacheEntry(version: EntityTag.digest(of: body), owner: userID, body: body)
        return (entry, orders.isEmpty && page.number > 0)
    }

    private func answer(_ entry: CacheEntry, _ request: Request) -> Response {
        let tag = EntityTag.text(page: entry.version)
        guard !EntityTag.isKnown(page: entry.version, in: request) else {
            return Response.notModified(tag: tag)
        }
        return Response.json(.ok, Array(entry.body), caching: .revalidate).with("ETag", tag)
    }
}
