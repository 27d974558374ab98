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
        let counts = try transaction.query(
            """
            SELECT JSON_VALUE(o.billing, '$.address.country') AS billing_country,
                (SELECT COUNT(*) FROM payment_attempts a JOIN payments p ON p.id = a.payment_id
                    WHERE p.order_id = o.id AND a.status = 'failed') AS declines,
                (SELECT COUNT(DISTINCT a.card_fingerprint) FROM payment_attempts a
                    JOIN payments p ON p.id = a.payment_id WHERE p.order_id = o.id) AS cards,
                (SELECT COUNT(*) FROM fraud_warnings w JOIN payments p ON p.id = w.payment_id
                    WHERE p.order_id = o.id AND w.is_actionable AND w.cleared_at IS NULL)
                    AS warnings
            FROM orders o WHERE o.id = \(orderID)
            """
        ).first
        let charge = try transaction.query(
            """
            SELECT a.outcome, a.card_country FROM payment_attempts a
            JOIN payments p ON p.id = a.payment_id
            WHERE p.order_id = \(orderID) AND a.status = 'succeeded' ORDER BY a.id DESC LIMIT 1
            """
        ).first
        let outcome = try charge?.optionalString("outcome").flatMap { text in
            try? JSON(parsing: Array(text.utf8))
        }
        return FraudInputs.Settlement(
            declines: try counts?.int("declines") ?? 0,
            cards: try counts?.int("cards") ?? 0,
            billingCountry: try counts?.optionalString("billing_country"),
            cardCountry: try charge?.optionalString("card_country"),
            riskLevel: outcome?["risk_level"]?.string,
            riskScore: outcome?["risk_score"]?.integer.map { Int(clamping: $0) },
            outcomeType: outcome?["type"]?.string,
            warnings: try counts?.int("warnings") ?? 0
        )
    }

    /// The rules that had spoken of an order's money when somebody approved it.
    static func waived(
        of orderID: Int64,
        in transaction: inout Transaction
    ) throws -> Set<FraudRule> {
        let rows = try transaction.query(
            """
            SELECT \(columns) FROM fraud_decisions d
            WHERE d.order_id = \(orderID) AND d.stage = 'settlement' AND d.decided_at <=
                (SELECT MAX(decided_at) FROM fraud_reviews
                    WHERE order_id = \(orderID) AND status = 'approved')
            """
        )
        return try rows.map(Decision.init).reduce(into: []) { $0.formUnion($1.rules) }
    }

    /// The decision at the completion that asks for a review which there has not been.
    static func unmetReview(
        of orderID: Int64,
        in transaction: inout Transaction
    ) throws -> Decision? {
        try transaction.query(
            """
            SELECT \(columns) FROM fraud_decisions d
            WHERE d.order_id = \(orderID) AND d.stage = 'checkout' AND d.outcome = 'review'
                AND NOT EXISTS (SELECT 1 FROM fraud_reviews r WHERE r.order_id = d.order_id)
            ORDER BY d.id DESC LIMIT 1
            """
        ).first.map(Decision.init)
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
