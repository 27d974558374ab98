import MariaDB
import Resilience
import Web

/// What the record has of an order's money, and of the decisions about it.
extension FraudStore {
    /// A decision as it stands.
    struct Decision: Sendable {
        let id: Int64
        let orderID: Int64?
        let stage: FraudStage
        let outcome: FraudOutcome
        let score: Int
        let document: JSON
        let decidedAt: Timestamp
    }

    private static let columns: SQL = """
        d.id, d.order_id, d.stage, d.outcome, d.score, d.document, d.decided_at
        """

    /// What is known of the money of an order, within a change of it.
    static func settlement(
        of orderID: Int64,
        in transaction: inout Transaction
    ) throws -> FraudInputs.Settlement {
        // Sorted here: with the text among its columns the server would sort them in a file.
        let rows = try transaction.query(
            """
            SELECT JSON_VALUE(o.billing, '$.address.country') AS billing_country,
                (SELECT COUNT(*) FROM fraud_warnings w JOIN payments q ON q.id = w.payment_id
                    WHERE q.order_id = o.id AND w.is_actionable AND w.cleared_at IS NULL)
                    AS warnings,
                a.id, a.status, a.card_fingerprint, a.card_country, a.outcome
            FROM orders o LEFT JOIN payments p ON p.order_id = o.id
                LEFT JOIN payment_attempts a ON a.payment_id = p.id
            WHERE o.id = \(orderID)
            """
        )
        var settlement = FraudInputs.Settlement()
        settlement.billingCountry = try rows.first?.optionalString("billing_country")
        settlement.warnings = try rows.first?.int("warnings") ?? 0
        var cards: Set<String> = []
        var lastCharge: Int64 = 0
        for row in rows {
            guard let id = try row.optionalInt64("id") else { continue }
            if let card = try row.optionalString("card_fingerprint") { cards.insert(card) }
            let status = try row.string("status")
            if status == "failed" { settlement.declines += 1 }
            guard status == "succeeded", id > lastCharge else { continue }
            lastCharge = id
            settlement.cardCountry = try row.optionalString("card_country")
            let outcome = try row.optionalString("outcome").flatMap { text in
                try? JSON(parsing: Array(text.utf8))
            }
            settlement.riskLevel = outcome?["risk_level"]?.string
            settlement.riskScore = outcome?["risk_score"]?.integer.map { Int(clamping: $0) }
            settlement.outcomeType = outcome?["type"]?.string
        }
        settlement.cards = cards.count
        return settlement
    }

    /// What was decided about an order before.
    struct Past: Sendable {
        /// The rules that had spoken of its money when somebody approved it.
        var waived: Set<FraudRule> = []

        /// The decision at the completion that asks for a review which there has not been.
        var unmetReview: Decision?
    }

    static func past(of orderID: Int64, in transaction: inout Transaction) throws -> Past {
        let rows = try transaction.query(
            """
            SELECT \(columns),
                (SELECT COUNT(*) FROM fraud_reviews WHERE order_id = \(orderID)) AS reviews,
                (SELECT MAX(decided_at) FROM fraud_reviews
                    WHERE order_id = \(orderID) AND status = 'approved') AS approved_at
            FROM fraud_decisions d WHERE d.order_id = \(orderID)
            """
        )
        var past = Past()
        for row in rows {
            let decision = try Decision(row)
            switch decision.stage {
            case .settlement:
                if let approved = try row.optionalTimestamp("approved_at"),
                    decision.decidedAt <= approved
                {
                    past.waived.formUnion(decision.rules)
                }
            case .checkout:
                guard decision.outcome == .review, try row.int("reviews") == 0,
                    decision.id > past.unmetReview?.id ?? 0
                else { continue }
                past.unmetReview = decision
            }
        }
        return past
    }

    /// The decisions about orders, oldest first.
    func decisions(about orderIDs: [Int64], until deadline: Deadline) throws -> [Decision] {
        guard !orderIDs.isEmpty else { return [] }
        return try database.query(
            """
            SELECT \(Self.columns) FROM fraud_decisions d
            WHERE d.order_id IN (\(list: orderIDs)) ORDER BY d.id LIMIT 2000
            """,
            until: deadline
        ).map(Decision.init)
    }

    /// How many decisions of each kind there were since a time.
    func counts(
        since time: Timestamp,
        until deadline: Deadline
    ) throws -> [(stage: FraudStage, outcome: FraudOutcome, count: Int)] {
        try database.query(
            """
            SELECT stage, outcome, COUNT(*) AS number FROM fraud_decisions
            WHERE decided_at > \(time) GROUP BY stage, outcome
            """,
            until: deadline
        ).map { row in
            (
                try row.word("stage", FraudStage.init(rawValue:)),
                try row.word("outcome", FraudOutcome.init(rawValue:)),
                try row.int("number")
            )
        }
    }
}

extension FraudStore.Decision {
    init(_ row: Row) throws {
        id = try row.int64("id")
        orderID = try row.optionalInt64("order_id")
        stage = try row.word("stage", FraudStage.init(rawValue:))
        outcome = try row.word("outcome", FraudOutcome.init(rawValue:))
        score = try row.int("score")
        document = (try? JSON(parsing: Array(try row.string("document").utf8))) ?? .null
        decidedAt = try row.timestamp("decided_at")
    }

    /// The rules that held; one that this version does not know is left out.
    var rules: Set<FraudRule> {
        Set(
            (document["reasons"]?.array ?? []).compactMap {
                $0["rule"]?.string.flatMap(FraudRule.init(rawValue:))
            }
        )
    }
}
