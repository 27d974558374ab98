import Logging
import MariaDB
import Observability
import Resilience
package import Web

/// The application behind the server: finds the endpoint, answers hits on the worker, hands the
/// rest to lanes, and turns errors into problems.
///
/// The way of a request, top to bottom: `start` → a quick look at the caches, which may be the answer,
/// for staff once it is on record (`answerOnRecord`), or else a lane → `answer(_:)`: authenticate, check
/// access, find the order (a look-up: its entry), put what staff ask for on record, call the handler →
/// `finish`.
package final class OrderApplication: Application {
    /// A class, so that a request takes it along without copying all that an endpoint has.
    final class Route: Sendable {
        let endpoint: Endpoint
        let metrics: RouteMetrics

        init(endpoint: Endpoint, metrics: RouteMetrics) {
            self.endpoint = endpoint
            self.metrics = metrics
        }
    }

    /// A request with its place among the routes.
    struct Asked: Sendable {
        let request: Request
        let captures: Captures
        let route: Route
        let arrival: ContinuousClock.Instant
        let deadline: Deadline
    }

    private let table: RouteTable
    /// By their places in the table.
    private let routes: [Route]
    private let unrouted: RouteMetrics
    let authenticator: Authenticator
    let orders: OrderStore
    let audit: AuditTrail
    let guestAccesses: GuestAccessLog
    let lanes: Lanes
    let turns: Turns
    private let accessLog: AccessLog
    private let requestDeadline: Duration
    let upstreamBudget: Duration
    private let crossOrigin: CrossOrigin
    let logger = Logger(label: "orderd.http")

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
                case .quick(let answer, orElse: _): answer(request, captures, deadline)
                case .immediate, .plain, .order: .nothing
                }
            if case .answer(let hit) = look {
                return .answer(
                    finish(hit, request, RequestID.of(request.parameters), route, since: arrival)
                )
            }
            let asked = Asked(
                request: request,
                captures: captures,
                route: route,
                arrival: arrival,
                deadline: deadline
            )
            return .handOver { [self] reply in
                if case .onRecord(let response, let session, let order) = look {
                    answerOnRecord(response, asked, by: session, about: order, reply)
                } else {
                    handOver(asked, look, reply)
                }
            }
        }
    }

    func reject(
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
    func finish(
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
