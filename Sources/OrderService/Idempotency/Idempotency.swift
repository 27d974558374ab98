import MariaDB
import Resilience
import Signing
import Web

/// Carries a request out once per key, and repeats its answer after that.
struct Idempotency: Sendable {
    let store: IdempotencyStore
    /// How long answers are kept.
    let retention: Duration
    /// The same for answers that carry a secret.
    let secretRetention: Duration
    private let returns: ClaimReturns

    init(store: IdempotencyStore, retention: Duration, secretRetention: Duration) {
        self.store = store
        self.retention = retention
        self.secretRetention = secretRetention
        returns = ClaimReturns(store: store)
    }

    /// How much longer than its request's deadline a claim is held against others.
    private static let leaseMargin = Duration.seconds(5)

    /// Runs `work` under the request's key, or repeats the answer of the first run.
    ///
    /// - Parameters:
    ///   - context: of the request.
    ///   - principal: whose key it is.
    ///   - route: the route's pattern.
    ///   - work: carries the request out, and stores its answer by `finish` on the claim in the
    ///     transaction of its last effect. An error that it throws before any effect must be a
    ///     `Problem`; the key is then free again.
    /// - Returns: the answer of `work`, or the one of the first run.
    /// - Throws: a `Problem` with 400, 409 or 422 about the key, and whatever `work` throws.
    func run(
        _ context: Context,
        principal: String,
        route: String,
        _ work: (IdempotencyClaim) throws -> Response
    ) throws -> Response {
        let scope = IdempotencyScope(
            principal: principal,
            route: route,
            key: try Self.key(of: context.request),
            fingerprint: Self.fingerprint(of: context.request)
        )
        let lease = context.deadline.remaining + Self.leaseMargin
        let leaseEnd = Deadline.after(lease)
        let decision: IdempotencyDecision
        do {
            decision = try store.claim(
                scope,
                lease: lease,
                retention: retention,
                until: context.deadline
            )
        } catch let unknown as ClaimOutcomeUnknown {
            returns.giveBack(
                unknown.claim,
                .suspend,
                until: context.deadline,
                leaseEnd: leaseEnd
            )
            throw unknown.cause
        }
        switch decision {
        case .reused: throw Problem.idempotencyKeyReused
        case .inProgress: throw Problem.idempotencyInProgress
        case .replay(let answer):
            let response = Response.json(Status(rawValue: answer.status), answer.body)
                .with("Idempotent-Replayed", "true")
            // What was created under a key is an order.
            guard response.status == .created, let id = answer.orderID else { return response }
            return response.with("Location", "/v1/orders/\(id)")
        case .claimed(let claim):
            do {
                let response = try work(claim)
                CrashPoint.answerStored.pass(.after)
                return response
            } catch let problem as Problem {
                returns.giveBack(claim, .release, until: context.deadline, leaseEnd: leaseEnd)
                throw problem
            } catch {
                returns.giveBack(claim, .suspend, until: context.deadline, leaseEnd: leaseEnd)
                throw error
            }
        }
    }

    /// Stores an answer under its claim, in the transaction of its effect.
    ///
    /// `orderID` is that of an order which was made; a repeat then says where it is.
    ///
    /// - Throws: a `Problem` with 409 if another run has taken over, which rolls the effect back.
    func finish(
        _ claim: IdempotencyClaim,
        _ status: Status,
        _ body: [UInt8],
        orderID: Int64?,
        hasSecret: Bool,
        in transaction: inout Transaction
    ) throws {
        let isOurs = try store.finish(
            claim,
            StoredAnswer(status: status.rawValue, body: body),
            orderID: orderID,
            retention: hasSecret ? secretRetention : retention,
            in: &transaction
        )
        guard isOurs else { throw IdempotencyLost() }
        CrashPoint.answerStored.pass(.before)
    }

    /// The key of a request: Stripe's bare form, or the quoted form of the IETF's draft
    /// (draft-ietf-httpapi-idempotency-key-header-07, section 2.1); 1 to 255 characters.
    private static func key(of request: Request) throws(Problem) -> String {
        guard let header = request.text(.idempotencyKey) else {
            throw Problem(
                .badRequest,
                "idempotency_key_missing",
                "This needs an Idempotency-Key header."
            )
        }
        var key = header.trimmed
        let isQuoted = key.hasPrefix("\"")
        let isWhole = !isQuoted || (key.utf8.count > 2 && key.hasSuffix("\""))
        if isQuoted { key = String(key.dropFirst().dropLast()) }
        let isPrintable = key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isWhole, (1...255).contains(key.utf8.count), isPrintable else {
            throw Problem(
                .badRequest,
                "invalid_request",
                "An Idempotency-Key has 1 to 255 printable characters."
            )
        }
        return key
    }

    private static func fingerprint(of request: Request) -> Digest {
        SHA256.digest(
            Array(request.method.rawValue.utf8) + [0] + Array(request.path) + [0] + request.body
        )
    }
}

/// Another run has taken the key over: this one's effect is rolled back.
struct IdempotencyLost: Error {}

extension Problem {
    static let idempotencyKeyReused = Problem(
        .unprocessableContent,
        "idempotency_key_reused",
        "This Idempotency-Key came with another request before."
    )

    static let idempotencyInProgress = Problem(
        .conflict,
        "idempotency_in_progress",
        "The first request with this Idempotency-Key is still being answered.",
        fields: [Response.Field("Retry-After", "1")]
    )
}
