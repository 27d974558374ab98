import Logging
import MariaDB
import Observability
import Resilience
package import Web

/// The application behind the server: finds the endpoint, answers hits on the worker, hands the
/// rest to lanes, and turns errors into problems.
///
/// The way of a request, top to bottom: `start` → `OrderLookUp.quickAnswer` or a lane →
/// `answer(_:)`: authenticate, check access, find the order (a look-up: its entry), put what staff ask
/// for on record, call the handler → `finish`.
package final class OrderApplication: Application {
    /// A class, so that a request takes it along without copying all that an endpoint has.
    private final class Route: Sendable {
        let endpoint: Endpoint
        let metrics: RouteMetrics

        init(endpoint: Endpoint, metrics: RouteMetrics) {
            self.endpoint = endpoint
            self.metrics = metrics
        }
    }

    private let table: RouteTable
    /// By their places in the table.
    private let routes: [Route]
    private let unrouted: RouteMetrics
    private let authenticator: Authenticator
    private let orders: OrderStore
    private let audit: AuditTrail
    private let guestAccesses: GuestAccessLog
    private let lanes: Lanes
    private let turns: Turns
    private let accessLog: AccessLog
    private let requestDeadline: Duration
    private let upstreamBudget: Duration
    private let crossOrigin: CrossOrigin
    private let logger = Logger(label: "orderd.http")

    init(
        endpoints: [Endpoint],
        authenticator: Authenticator,
        orders: OrderStore,
        audit: AuditTrail,
        guestAccesses: GuestAccessLog,
        lanes: Lanes,
        turns: Turns,
        metrics: MetricsRegistry,
        accessLog: AccessLog,
        requestDeadline: Duration,
        upstreamBudget: Duration,
        crossOrigin: CrossOrigin
    ) {
        self.crossOrigin = crossOrigin
        var table = RouteTable()
        for endpoint in endpoints { table.add(endpoint.method, endpoint.pattern) }
        self.table = table
        routes = endpoints.map { endpoint in
            Route(
                endpoint: endpoint,
                metrics: RouteMetrics(
                    method: endpoint.method.rawValue,
                    route: endpoint.pattern,
                    in: metrics
                )
            )
        }
        unrouted = RouteMetrics(method: "OTHER", route: "none", in: metrics)
        self.authenticator = authenticator
        self.orders = orders
        self.audit = audit
        self.guestAccesses = guestAccesses
        self.lanes = lanes
        self.turns = turns
        self.accessLog = accessLog
        self.requestDeadline = requestDeadline
        self.upstreamBudget = upstreamBudget
    }

    package func start(_ request: Request) -> Step {
        let arrival = ContinuousClock.now
        switch table.match(request.method, request.path) {
        case .notFound:
            return .answer(reject(.notFound, request, since: arrival))
        case .methodNotAllowed(let allow):
            if request.method == .options {
                let answer = Response(.noContent, fields: [Response.Field("Allow", allow)])
                return .answer(
                    finish(answer, request, RequestID.of(request.parameters), nil, since: arrival)
                )
            }
            return .answer(reject(.methodNotAllowed(allow: allow), request, since: arrival))
        case .found(let place, let captures):
            let route = routes[place]
            if case .immediate(let handle) = route.endpoint.handler {
                return .answer(
                    finish(
                        handle(),
                        request,
                        RequestID.of(request.parameters),
                        route,
                        since: arrival
                    )
                )
            }
            let deadline = Deadline(arrival + requestDeadline)
            let look: QuickLook =
                switch route.endpoint.handler {
                case .cachedLookUp(let lookUp):
                    lookUp.quickAnswer(request, captures, until: deadline)
                case .quick(let answer, orElse: _): answer(request, deadline)
                case .immediate, .plain, .order: .nothing
                }
            if case .answer(let hit) = look {
                return .answer(
                    finish(hit, request, RequestID.of(request.parameters), route, since: arrival)
                )
            }
            return .handOver { [self] reply in
                let isAccepted = lanes[route.endpoint.lane].submit {
                    reply(
                        self.inTurn(route.endpoint, until: deadline) {
                            self.answer(request, captures, route, look, arrival, deadline)
                        }
                    )
                }
                guard !isAccepted else { return }
                let problem = Problem.overloaded(retryAfter: 1)
                reply(reject(problem, request, route, since: arrival))
            }
        }
    }

    /// Look-ups and webhooks are short, and wait for nobody else.
    private func inTurn(
        _ endpoint: Endpoint,
        until deadline: Deadline,
        _ answer: () -> Response
    ) -> Response {
        endpoint.lane == .request
            ? turns.run(endpoint.precedence, until: deadline, answer) : answer()
    }

    /// Answers on a lane; blocks on whatever the endpoint needs.
    private func answer(
        _ request: Request,
        _ captures: Captures,
        _ route: Route,
        _ look: QuickLook,
        _ arrival: ContinuousClock.Instant,
        _ deadline: Deadline
    ) -> Response {
        let requestID = RequestID.of(request.parameters)
        let calls = CallLog(
            requestID: requestID,
            traceParent: TraceParent.of(request),
            deadline: Deadline(arrival + upstreamBudget)
        )
        let response: Response
        do {
            guard !deadline.isExpired else { throw Problem.overloaded(retryAfter: 1) }
            try checkBody(of: request, route.endpoint)
            var known: Principal?
            if case .missing(let principal) = look { known = authenticator.confirmed(principal) }
            let principal = try authenticate(request, route.endpoint, known, deadline)
            try Self.checkQuery(of: request)
            let context = Context(
                request: request,
                captures: captures,
                requestID: requestID,
                deadline: deadline,
                principal: principal,
                calls: calls,
                isKnownMissing: known != nil
            )
            response = try call(route.endpoint, context)
        } catch {
            response = ErrorMapping.problem(for: error, route.endpoint.name, requestID, logger)
                .response(requestID: requestID)
        }
        return finish(response, request, requestID, route, calls, since: arrival)
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

    private func call(_ endpoint: Endpoint, _ context: Context) throws -> Response {
        if endpoint.access.isForStaff { try audit.note(endpoint, context) }
        switch endpoint.handler {
        case .immediate(let handle):
            return handle()
        case .plain(let handle), .quick(_, orElse: let handle):
            return try handle(context)
        case .order(let handle):
            return try handle(context, visibleOrder(endpoint, context))
        case .cachedLookUp(let lookUp):
            guard let id = Self.orderID(endpoint, context) else { throw Problem.orderNotFound }
            let (response, order) = try lookUp.answer(id, context) {
                endpoint.access.admits(context.principal, to: $0)
            }
            try noteLook(of: context, at: order, by: endpoint)
            return response
        }
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
        guard let type = request.mediaType, endpoint.accepts.contains(type) else {
            throw .unsupportedMediaType(endpoint.accepts.joined(separator: ", "))
        }
    }

    /// A filter that nobody can read is not one that was not given.
    private static func checkQuery(of request: Request) throws(Problem) {
        guard request.query.isWhole else {
            throw .invalid(
                .badRequest,
                pointer: "?",
                code: "syntax",
                detail: "The query must be percent-encoded UTF-8."
            )
        }
    }

    private func reject(
        _ problem: Problem,
        _ request: Request,
        _ route: Route? = nil,
        since arrival: ContinuousClock.Instant
    ) -> Response {
        let requestID = RequestID.of(request.parameters)
        return finish(
            problem.response(requestID: requestID),
            request,
            requestID,
            route,
            since: arrival
        )
    }

    /// Adds the request's id, counts and logs.
    private func finish(
        _ response: Response,
        _ request: Request,
        _ requestID: String,
        _ route: Route?,
        _ calls: CallLog? = nil,
        since arrival: ContinuousClock.Instant
    ) -> Response {
        let duration = ContinuousClock.now - arrival
        let status = response.status.rawValue
        (route?.metrics ?? unrouted).record(status: status, duration: duration)
        // What has no route is sampled like look-ups: a scanner must not fill the log.
        let isLookUp = route?.endpoint.isLookUp ?? true
        if accessLog.shouldLog(isLookUp: isLookUp, status: status, duration: duration) {
            accessLog.write(
                requestID: requestID,
                method: request.method.rawValue,
                route: route?.endpoint.pattern ?? "none",
                status: status,
                duration: duration,
                upstreamCalls: calls?.all ?? []
            )
        }
        var response = response.with("X-Request-Id", requestID)
        crossOrigin.permit(&response, for: request)
        return response
    }
}
