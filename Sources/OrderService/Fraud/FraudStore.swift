import Commerce
import MariaDB
import Resilience
import Web

/// The rows of decisions, and the inputs that the record has for them.
struct FraudStore: Sendable {
    let database: Database

    /// How long completions count for the velocities.
    static let window = Duration.seconds(3_600)
    /// So many rows are counted at most: whatever lies beyond is as many.
    private static let most: Int64 = 1_000
    /// How many of a customer's last orders are his history.
    private static let remembered = 20
    /// Payments whose money came, and stayed.
    private static let paid: [PaymentStatus] = [.paid, .overpaid, .partiallyRefunded]

    /// The names under which a completion is counted.
    struct Names: Sendable {
        let email: FraudFingerprints.Names
        let network: FraudFingerprints.Names
        let delivery: FraudFingerprints.Names
    }

    /// What a completion is known by, for its decision's row.
    struct Completion: Sendable {
        let sessionID: String
        let sessionVersion: Int64
        let paymentMethod: PaymentMethod
        let names: Names
    }

    /// Reads what happened before a completion, in one statement over indexes.
    ///
    /// - Parameters:
    ///   - completion: the one that is to be decided.
    ///   - userID: the customer's; nil for a guest, whose orders are known by the e-mail address.
    ///   - policy: says from where on nobody needs to count.
    ///   - now: the present.
    ///   - deadline: of the request.
    /// - Returns: the history, and whether the same completion was blocked already.
    /// - Throws: `MariaDBError`.
    func history(
        before completion: Completion,
        of userID: String?,
        _ policy: FraudPolicy,
        at now: Timestamp,
        until deadline: Deadline
    ) throws -> (history: FraudInputs.History, isBlocked: Bool) {
        let names = completion.names
        let since = now - Self.window
        let highest =
            [FraudRule.velocityEmail, .velocityNetwork, .velocityDelivery]
            .map { policy[$0].threshold }.max() ?? 1
        let limit = min(highest, Self.most)
        let orders: SQL =
            if let userID {
                """
                SELECT total_minor, payment_status FROM orders
                WHERE user_id = \(userID) AND user_seq IS NOT NULL
                ORDER BY user_seq DESC LIMIT \(Self.remembered)
                """
            } else {
                """
                SELECT o.total_minor, o.payment_status
                FROM fraud_decisions d JOIN orders o ON o.id = d.order_id
                WHERE d.email_hash IN (\(list: names.email)) AND o.user_id IS NULL
                ORDER BY d.decided_at DESC LIMIT \(Self.remembered)
                """
            }
        let row = try database.query(
            """
            SELECT COUNT(*) AS paid, MAX(total_minor) AS largest,
                (SELECT COUNT(*) FROM (SELECT 1 FROM fraud_decisions
                    WHERE email_hash IN (\(list: names.email)) AND decided_at > \(since)
                    LIMIT \(limit)) e) AS by_email,
                (SELECT COUNT(*) FROM (SELECT 1 FROM fraud_decisions
                    WHERE network_hash IN (\(list: names.network)) AND decided_at > \(since)
                    LIMIT \(limit)) n) AS by_network,
                (SELECT COUNT(*) FROM (SELECT 1 FROM fraud_decisions
                    WHERE delivery_hash IN (\(list: names.delivery)) AND decided_at > \(since)
                    LIMIT \(limit)) a) AS by_delivery,
                (SELECT COUNT(*) FROM fraud_decisions
                    WHERE checkout_session_id = \(completion.sessionID)
                        AND session_version = \(completion.sessionVersion)
                        AND payment_method = \(completion.paymentMethod.rawValue)
                        AND outcome = 'block') AS blocked
            FROM (\(orders)) h WHERE payment_status IN (\(list: Self.paid.map(\.rawValue)))
            """,
            until: deadline
        ).first
        let history = FraudInputs.History(
            paidOrders: try row?.int("paid") ?? 0,
            largestPaid: try row?.optionalInt64("largest") ?? 0,
            byEmail: try row?.int("by_email") ?? 0,
            byNetwork: try row?.int("by_network") ?? 0,
            byDelivery: try row?.int("by_delivery") ?? 0
        )
        return (history, try row?.int("blocked") ?? 0 > 0)
    }

    /// Keeps a decision about a completion.
    ///
    /// - Parameters:
    ///   - assessment: what was decided.
    ///   - completion: about which.
    ///   - orderID: of the order that is made in the same transaction; nil for what is blocked.
    ///   - now: the present.
    ///   - transaction: the order's.
    /// - Throws: `MariaDBError`.
    static func insert(
        _ assessment: FraudAssessment,
        of completion: Completion,
        orderID: Int64?,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws {
        let names = completion.names
        try transaction.execute(
            """
            INSERT INTO fraud_decisions (stage, outcome, score, document, order_id,
                checkout_session_id, session_version, payment_method, email_hash, network_hash,
                delivery_hash, decided_at)
            VALUES (\(assessment.inputs.stage.rawValue), \(assessment.outcome.rawValue),
                \(assessment.score), \(assessment.text), \(orderID), \(completion.sessionID),
                \(completion.sessionVersion), \(completion.paymentMethod.rawValue),
                \(names.email.first), \(names.network.first), \(names.delivery.first), \(now))
            """
        )
    }

    /// Keeps a decision about an order's money; returns its number.
    static func insert(
        _ assessment: FraudAssessment,
        orderID: Int64,
        at now: Timestamp,
        in transaction: inout Transaction
    ) throws -> Int64 {
        let written = try transaction.execute(
            """
            INSERT INTO fraud_decisions (stage, outcome, score, document, order_id, decided_at)
            VALUES (\(assessment.inputs.stage.rawValue), \(assessment.outcome.rawValue),
                \(assessment.score), \(assessment.text), \(orderID), \(now))
            """
        )
        return Int64(written.lastInsertID)
    }
}

extension FraudAssessment {
    fileprivate var text: String { String(decoding: document.serialized(), as: UTF8.self) }
}
