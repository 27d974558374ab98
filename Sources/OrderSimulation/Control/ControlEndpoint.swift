import Web

/// A route by which tests steer the stand-ins.
enum ControlEndpoint: Sendable {
    case addFault, faults, removeFaults
    case state, reset
    case clock, advanceClock
    case webhooks, setWebhooks, deliverWebhook
    case challenge, completeChallenge
    case completeProcessing
    case settleRefund
    case createDispute, settleDispute
    case warnOfFraud
    case closeReview

    static let router: Router<ControlEndpoint> = {
        var router = Router<ControlEndpoint>()
        router.add(.post, "/_faults", .addFault)
        router.add(.get, "/_faults", .faults)
        router.add(.delete, "/_faults", .removeFaults)
        router.add(.get, "/_state", .state)
        router.add(.post, "/_reset", .reset)
        router.add(.get, "/_clock", .clock)
        router.add(.post, "/_clock", .advanceClock)
        router.add(.get, "/_webhooks", .webhooks)
        router.add(.post, "/_webhooks", .setWebhooks)
        router.add(.post, "/_webhooks/deliver", .deliverWebhook)
        router.add(.get, "/_3ds/{pi}", .challenge)
        router.add(.post, "/_3ds/{pi}", .completeChallenge)
        router.add(.post, "/_processing/{pi}", .completeProcessing)
        router.add(.post, "/_refunds/{id}", .settleRefund)
        router.add(.post, "/_disputes", .createDispute)
        router.add(.post, "/_disputes/{id}", .settleDispute)
        router.add(.post, "/_early_fraud_warnings", .warnOfFraud)
        router.add(.post, "/_reviews/{id}", .closeReview)
        return router
    }()
}

extension Simulation {
    /// Answers a request under `/_`.
    func control(_ request: Request, path: String) -> Response {
        switch ControlEndpoint.router.match(request.method, Array(path.utf8)[...]) {
        case .notFound:
            return Problem(.notFound, "not_found", "No such route.").response(requestID: "")
        case .methodNotAllowed(let allow):
            return Problem(.methodNotAllowed, "method_not_allowed", "Allowed: \(allow).")
                .response(requestID: "").with("Allow", allow)
        case .found(let endpoint, let captures):
            do {
                return try perform(endpoint, captures.text(0) ?? "", request)
            } catch let problem as Problem {
                return problem.response(requestID: "")
            } catch let error as StripeError {
                return error.response
            } catch {
                return Problem(.internalServerError, "internal", "Unknown error.")
                    .response(requestID: "")
            }
        }
    }

    private func perform(
        _ endpoint: ControlEndpoint,
        _ id: String,
        _ request: Request
    ) throws -> Response {
        switch endpoint {
        case .addFault: try addFault(request.body)
        case .faults: .ok(withWorld { world, _ in world.faultsJSON(held: waits.heldCount) })
        case .removeFaults: removeFaults()
        case .state: .ok(withWorld { world, _ in world.state })
        case .reset: try reset(request.body)
        case .clock: .ok(clockJSON())
        case .advanceClock: try advanceClock(request.body)
        case .webhooks: .ok(withWorld { world, _ in world.webhooksJSON })
        case .setWebhooks: try setWebhooks(request.body)
        case .deliverWebhook: try deliverWebhook(request.body)
        case .challenge: try challengePage(id)
        case .completeChallenge: try completeChallenge(id, request)
        case .completeProcessing: try completeProcessing(id, request.body)
        case .settleRefund: try settleRefund(id, request.body)
        case .createDispute: try createDispute(request.body)
        case .settleDispute: try settleDispute(id, request.body)
        case .warnOfFraud: try warnOfFraud(request.body)
        case .closeReview: try closeReview(id, request.body)
        }
    }
}

extension Response {
    static func ok(_ json: JSON) -> Response {
        .json(.ok, json.serialized())
    }
}
