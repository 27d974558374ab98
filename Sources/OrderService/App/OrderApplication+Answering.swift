import Observability
import Resilience
import Web

/// What becomes of a request that the worker has not answered by itself.
extension OrderApplication {
    /// Hands a request to the lanes of its route: with others, if it is one of those that are read together.
    func handOver(_ asked: Asked, _ look: QuickLook, _ reply: @escaping Step.Reply) {
        guard let missed = Missed(asked, look, reply) else {
            return handOverAlone(asked, look, reply)
        }
        if !missed.batch.submit(missed, answerTogether) { refuse(asked, reply) }
    }

    /// Hands a request to the lanes of its route, where nobody else waits for its answer.
    func handOverAlone(_ asked: Asked, _ look: QuickLook, _ reply: @escaping Step.Reply) {
        let isAccepted = lanes[asked.route.endpoint.lane].submit {
            reply(self.inTurn(asked) { self.answer(asked, look) })
        }
        if !isAccepted { refuse(asked, reply) }
    }

    private func refuse(_ asked: Asked, _ reply: Step.Reply) {
        let problem = Problem.overloaded(retryAfter: 1)
        reply(reject(problem, asked.request, asked.route, since: asked.arrival))
    }

    /// Gives somebody of the staff an answer that is there already, once the look is on record.
    ///
    /// No lane waits for that: where nothing can be put on record, whoever waited on one would keep it
    /// from customers. One begins from the beginning where the session has ended meanwhile, and where the
    /// record may have failed for another's sake.
    func answerOnRecord(
        _ response: Response,
        _ asked: Asked,
        by session: Session,
        about order: OwnedOrder,
        _ reply: @escaping Step.Reply
    ) {
        let endpoint = asked.route.endpoint
        let requestID = RequestID.of(asked.request.parameters)
        let entry = AuditEntry(
            endpoint,
            asked.request,
            asked.captures,
            requestID: requestID,
            by: session
        ).about(order)
        audit.note(entry, until: asked.deadline) { outcome in
            switch outcome {
            case .onRecord
            where !asked.deadline.isExpired
                && self.authenticator.confirmed(.session(session)) != nil:
                reply(
                    self.finish(
                        response,
                        asked.request,
                        requestID,
                        asked.route,
                        since: asked.arrival
                    )
                )
            case .refused(let problem):
                reply(self.reject(problem, asked.request, asked.route, since: asked.arrival))
            case .onRecord, .undecided:
                self.handOver(asked, .nothing, reply)
            }
        }
    }

    /// Look-ups and webhooks are short, and wait for nobody else.
    private func inTurn(_ asked: Asked, _ answer: () -> Response) -> Response {
        let endpoint = asked.route.endpoint
        return endpoint.lane == .request
            ? turns.run(endpoint.precedence, until: asked.deadline, answer) : answer()
    }

    /// Answers on a lane; blocks on whatever the endpoint needs.
    func answer(_ asked: Asked, _ look: QuickLook) -> Response {
        let (request, endpoint) = (asked.request, asked.route.endpoint)
        let requestID = RequestID.of(request.parameters)
        let calls = CallLog(
            requestID: requestID,
            traceParent: TraceParent.of(request),
            deadline: Deadline(asked.arrival + upstreamBudget)
        )
        let response: Response
        do {
            guard !asked.deadline.isExpired else { throw Problem.overloaded(retryAfter: 1) }
            try checkBody(of: request, endpoint)
            let known = look.askedBy.flatMap(authenticator.confirmed)
            let principal = try authenticate(request, endpoint, known, asked.deadline)
            try Self.checkQuery(of: request)
            let context = Context(
                request: request,
                captures: asked.captures,
                requestID: requestID,
                deadline: asked.deadline,
                principal: principal,
                calls: calls,
                isKnownMissing: known != nil
            )
            response = try call(endpoint, context, after: known == nil ? .nothing : look)
        } catch {
            response = ErrorMapping.problem(for: error, endpoint.name, requestID, logger)
                .response(requestID: requestID)
        }
        return finish(response, request, requestID, asked.route, calls, since: asked.arrival)
    }

    private func authenticate(
        _ request: Request,
        _ endpoint: Endpoint,
        _ known: Principal?,
        _ deadline: Deadline
    ) throws -> Principal {
        if case .open = endpoint.access { return .nobody }
        let principal =
            try known ?? authenticator.principal(of: request, until: deadline)
        if case .guest(let access) = principal {
            guestAccesses.note(access, route: endpoint.name, request)
        }
        try endpoint.access.check(principal)
        return principal
    }

    private func call(
        _ endpoint: Endpoint,
        _ context: Context,
        after look: QuickLook
    ) throws -> Response {
        if endpoint.access.isForStaff { try audit.note(endpoint, context) }
        if case .begun(_, let goOn) = look { return try goOn(context) }
        switch endpoint.handler {
        case .immediate(let handle):
            return handle()
        case .plain(let handle):
            return try handle(context)
        case .quick(_, orElse: let handle):
            return try handle(context)
        case .order(let handle):
            let order = try visibleOrder(endpoint, context)
            recentChanges.drop(before: [OrderVersion(order)], until: context.deadline)
            return try handle(context, order)
        case .cachedLookUp(let lookUp):
            return try found(by: lookUp, endpoint, context)
        }
    }

    /// Answers a look-up of one order; `landing` is what was found for it just now.
    func found(
        by lookUp: OrderLookUp,
        _ endpoint: Endpoint,
        _ context: Context,
        given landing: LookUpCache.Landing? = nil
    ) throws -> Response {
        guard let id = Self.orderID(endpoint, context) else { throw Problem.orderNotFound }
        let (response, order) = try lookUp.answer(id, context, given: landing) {
            endpoint.access.admits(context.principal, to: $0)
        }
        try noteLook(of: context, at: order, by: endpoint)
        return response
    }

    /// The order that the path or the guest's token names.
    private static func orderID(_ endpoint: Endpoint, _ context: Context) -> Int64? {
        if case .guest = endpoint.access, case .guest(let guest) = context.principal {
            return guest.orderID
        }
        return context.captures.number(0)
    }

    /// The named order, if the principal may see it.
    private func visibleOrder(_ endpoint: Endpoint, _ context: Context) throws -> Order {
        guard let id = Self.orderID(endpoint, context),
            let order = try orders.find(id, until: context.deadline)
        else { throw Problem.orderNotFound }
        try admit(context, to: order.owned, by: endpoint)
        return order
    }

    /// Lets the principal see an order, or says that there is none.
    private func admit(
        _ context: Context,
        to order: OwnedOrder,
        by endpoint: Endpoint
    ) throws {
        guard endpoint.access.admits(context.principal, to: order) else {
            throw Problem.orderNotFound
        }
        try noteLook(of: context, at: order, by: endpoint)
    }

    /// Puts on record who sees an order and is neither its owner nor its guest.
    private func noteLook(
        of context: Context,
        at order: OwnedOrder,
        by endpoint: Endpoint
    ) throws {
        if context.principal.isOutsider(to: order) {
            try audit.note(endpoint, context, about: order)
        }
    }

    private func checkBody(of request: Request, _ endpoint: Endpoint) throws(Problem) {
        guard !request.body.isEmpty, !endpoint.accepts.isEmpty, endpoint.method.hasBody else {
            return
        }
        guard request.isOfType(endpoint.accepts) else {
            throw .unsupportedMediaType(endpoint.accepts.joined(separator: ", "))
        }
    }

    /// A filter that nobody can read is not one that was not given; nor are two one of them.
    private static func checkQuery(of request: Request) throws(Problem) {
        guard let fault = request.queryFault else { return }
        let (pointer, code, detail) =
            switch fault {
            case .undecodable: ("?", "syntax", "The query must be percent-encoded UTF-8.")
            case .ambiguous(let name):
                ("?\(name)", "duplicate", "A field of the query has one value.")
            }
        throw .invalid(.badRequest, pointer: pointer, code: code, detail: detail)
    }
}
