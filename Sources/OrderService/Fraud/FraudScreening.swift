import Commerce
import Logging
import MariaDB
import Observability
import Resilience
import Web

/// Decides about completions, before there is an order or anything to pay.
///
/// What happened before comes from MariaDB in one statement, what others know from the scoring
/// service, if one is set. Neither keeps a customer from ordering by being away: then the rest
/// decides, which is logged, counted and kept with the decision.
struct FraudScreening: Sendable {
    let store: FraudStore
    let fingerprints: FraudFingerprints
    /// Nil where no scoring service is set.
    let scoring: FraudScoringClient?
    let policy: FraudPolicy
    let clock: WallClock
    private let unreadHistories: Counter
    private let unansweredScores: Counter
    private let logger = Logger(label: "orderd.fraud")

    init(
        store: FraudStore,
        fingerprints: FraudFingerprints,
        scoring: FraudScoringClient?,
        policy: FraudPolicy,
        clock: WallClock,
        metrics: MetricsRegistry
    ) {
        self.store = store
        self.fingerprints = fingerprints
        self.scoring = scoring
        self.policy = policy
        self.clock = clock
        func counter(_ source: String) -> Counter {
            metrics.counter(
                "orderd_fraud_unavailable_total",
                help: "Decisions about completions that were made without something.",
                labels: ["source": source]
            )
        }
        unreadHistories = counter("history")
        unansweredScores = counter("scoring")
    }

    /// A decision that lets an order be made, to be kept with it.
    struct Decision: Sendable {
        let assessment: FraudAssessment
        let completion: FraudStore.Completion

        /// Whether the money is only held, until somebody has looked.
        var needsReview: Bool { assessment.outcome == .review }
    }

    /// Decides about a completion; blocks on MariaDB and the scoring service.
    ///
    /// A version of a session that was blocked stays blocked, without another row.
    ///
    /// - Parameters:
    ///   - ready: what is to be ordered.
    ///   - context: of the request.
    /// - Returns: a decision to go on.
    /// - Throws: a `Problem` with 409 `payment_refused`, which gives no reasons, once the decision
    ///   is on record; `MariaDBError` if it cannot be.
    func decide(_ ready: OrderPlacement.Ready, _ context: Context) throws -> Decision {
        let completion = completion(ready)
        var userID: String?
        if case .customer(let id) = ready.session.owner { userID = id }
        var history: FraudInputs.History?
        do {
            let read = try store.history(
                before: completion,
                of: userID,
                policy,
                at: clock.now,
                until: context.deadline
            )
            if read.isBlocked { throw Problem.paymentRefused }
            history = read.history
        } catch let error as MariaDBError {
            unreadHistories.increment()
            logger.warning(
                "a completion is decided without its history",
                metadata: ["requestId": "\(context.requestID)", "error": "\(error)"]
            )
        }
        var inputs = Self.inputs(ready, history)
        if let scoring {
            inputs.wasScoringAsked = true
            inputs.externalScore = scoring.score(
                inputs,
                completion,
                until: context.deadline,
                context.calls
            )
            if inputs.externalScore == nil { unansweredScores.increment() }
        }
        let assessment = FraudAssessment(of: .checkout(inputs), by: policy)
        let decision = Decision(assessment: assessment, completion: completion)
        guard assessment.outcome != .block else {
            try keepBlocked(decision, until: context.deadline)
            throw Problem.paymentRefused
        }
        return decision
    }

    private func keepBlocked(_ decision: Decision, until deadline: Deadline) throws {
        let now = clock.now
        try store.database.transaction(class: .write, until: deadline) { transaction in
            try FraudStore.insert(
                decision.assessment,
                of: decision.completion,
                orderID: nil,
                at: now,
                in: &transaction
            )
            CrashPoint.completionBlocked.pass(.before)
        }
        CrashPoint.completionBlocked.pass(.after)
    }

    private func completion(_ ready: OrderPlacement.Ready) -> FraudStore.Completion {
        FraudStore.Completion(
            sessionID: ready.session.id,
            sessionVersion: ready.session.version,
            paymentMethod: ready.paymentMethod,
            names: FraudStore.Names(
                email: fingerprints.email(ready.email),
                network: ready.network.map(fingerprints.network) ?? [],
                delivery: fingerprints.delivery(ready.address)
            )
        )
    }

    private static func inputs(
        _ ready: OrderPlacement.Ready,
        _ history: FraudInputs.History?
    ) -> FraudInputs.Checkout {
        FraudInputs.Checkout(
            total: ready.totals.total.minor,
            currency: ready.totals.total.currency.rawValue,
            billingCountry: ready.billing.address.country,
            deliveryCountry: ready.address.country,
            largestQuantity: ready.session.lines.map(\.quantity).max() ?? 0,
            history: history
        )
    }
}

extension Problem {
    static let paymentRefused = Problem(
        .conflict,
        "payment_refused",
        "This order cannot be taken."
    )
}
