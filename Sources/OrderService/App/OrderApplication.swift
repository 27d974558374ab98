import Logging
import MariaDB
import Observability
import Redis
import Resilience
package import Web

/// The application behind the server: finds the endpoint, answers hits on the worker, hands the
/// rest to lanes, and turns errors into problems.
///
/// The way of a request, top to bottom: `start` → a quick look at the caches, together with the requests that
/// have come at the same time, which may be the answer, for staff once it is on record (`answerOnRecord`), or else a
/// lane → `answer(_:)`: authenticate, check access, find the order (a look-up: its entry), put what staff ask for on record, call the handler →
/// `finish`.
package final class OrderApplication: Application {
    /// A class, so that a request takes it along without copying all that an endpoint has.
    final class Route: Sendable {
        let endpoint: Endpoint
        let metrics: RouteMetrics
        /// Of a look-up, those who have to be answered from the record.
        let missed: LaneBatch<Missed>

        init(endpoint: Endpoint, metrics: RouteMetrics, lanes: Lanes, lookUpTurns: Turns) {
            self.endpoint = endpoint
            self.metrics = metrics
            missed = LaneBatch(
                on: lanes[endpoint.lane],
                lookUpTurns,
                most: Missed.mostTogether
            )
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
    private let cache: LookUpCache
    let recentChanges: RecentChanges
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
        recentChanges: RecentChanges,
        orders: OrderStore,
        audit: AuditTrail,
        guestAccesses: GuestAccessLog,
        lanes: Lanes,
        turns: Turns,
        lookUpTurns: Turns,
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
                ),
                lanes: lanes,
                lookUpTurns: lookUpTurns
            )
        }
        unrouted = RouteMetrics(method: "OTHER", route: "none", in: metrics)
        self.authenticator = authenticator
        cache = recentChanges.cache
        self.recentChanges = recentChanges
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
        var step: Step?
        start([request]) { step = $1 }
        guard let step else { preconditionFailure("each request has a step") }
        return step
    }

    package func start(_ requests: [Request], _ then: (_ place: Int, _ step: Step) -> Void) {
        let arrival = ContinuousClock.now
        var waiting: [Waiting] = []
        for (place, request) in requests.enumerated() {
            switch begin(request, at: arrival) {
            case .answered(let response): then(place, .answer(response))
            case .asked(let asked, nil): then(place, step(asked, .nothing))
            case .asked(let asked, let question?): waiting.append((place, asked, question))
            }
        }
        // Who asks for much comes last.
        if waiting.contains(where: \.question.isHeavy) {
            waiting = waiting.filter { !$0.question.isHeavy } + waiting.filter(\.question.isHeavy)
        }
        var rest = waiting[...]
        var isAnswering = true
        while !rest.isEmpty {
            let trip = rest.prefix(QuickQuestion.firstTrip(of: rest.lazy.map(\.question.weight)))
            // Nobody waits for a Redis that has just been waited for in vain.
            isAnswering = isAnswering && ask(trip, until: Deadline(arrival + requestDeadline), then)
            if !isAnswering {
                for (place, asked, _) in trip { then(place, step(asked, .nothing)) }
            }
            rest = rest.dropFirst(trip.count)
        }
    }

    /// What is known of a request before Redis is asked.
    private enum Begun {
        case answered(Response)
        case asked(Asked, QuickQuestion?)
    }

    private typealias Waiting = (place: Int, asked: Asked, question: QuickQuestion)

    /// Asks Redis all questions in one trip, and tells what follows; false if Redis did not answer.
    private func ask(
        _ waiting: ArraySlice<Waiting>,
        until deadline: Deadline,
        _ then: (_ place: Int, _ step: Step) -> Void
    ) -> Bool {
        let commands = waiting.flatMap(\.question.commands)
        guard let replies = cache.replies(to: commands, of: waiting.count, until: deadline) else {
            return false
        }
        var rest = replies[...]
        for (place, asked, question) in waiting {
            then(place, step(asked, question.look(rest.prefix(question.commands.count))))
            rest = rest.dropFirst(question.commands.count)
        }
        return true
    }

    private func begin(_ request: Request, at arrival: ContinuousClock.Instant) -> Begun {
        switch table.match(request.method, request.path) {
        case .notFound:
            return .answered(reject(.notFound, request, since: arrival))
        case .methodNotAllowed(let allow):
            guard request.method == .options else {
                let problem = Problem.methodNotAllowed(allow: allow)
                return .answered(reject(problem, request, since: arrival))
            }
            let answer = Response(.noContent, fields: [Response.Field("Allow", allow)])
            let requestID = RequestID.of(request.parameters)
            return .answered(finish(answer, request, requestID, nil, since: arrival))
        case .found(let place, let captures):
            let route = routes[place]
            let question: QuickQuestion?
            switch route.endpoint.handler {
            case .immediate(let handle):
                let requestID = RequestID.of(request.parameters)
                return .answered(finish(handle(), request, requestID, route, since: arrival))
            case .cachedLookUp(let lookUp): question = lookUp.question(request, captures)
            case .quick(let ask, orElse: _): question = ask(request, captures)
            case .plain, .order: question = nil
            }
            let asked = Asked(
                request: request,
                captures: captures,
                route: route,
                arrival: arrival,
                deadline: Deadline(arrival + requestDeadline)
            )
            return .asked(asked, question)
        }
    }

    /// What follows from a look at the caches.
    private func step(_ asked: Asked, _ look: QuickLook) -> Step {
        switch look {
        case .answer(let hit):
            let requestID = RequestID.of(asked.request.parameters)
            return .answer(
                finish(hit, asked.request, requestID, asked.route, since: asked.arrival)
            )
        case .onRecord(let response, let session, let order):
            return .handOver { [self] reply in
                answerOnRecord(response, asked, by: session, about: order, reply)
            }
        case .missing, .begun, .nothing:
            return .handOver { [self] reply in handOver(asked, look, reply) }
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
