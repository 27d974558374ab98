import MariaDB
import Resilience
import Signing
import Web

/// The rows that an erasure removes beside orders, and the record of erasures; all SQL of theirs.
struct ErasureStore: Sendable {
    let database: Database
    let clock: WallClock
    let fingerprints: FraudFingerprints
    let guestDigests: GuestDigests

    /// Rows of one table that are about somebody: how many there are, and what removes them.
    struct Trace: Sendable {
        let name: String
        let count: SQL
        let removal: SQL
    }

    /// What hangs on an order; `providerIDs` are Stripe's names for what belongs to it.
    static func tracesOfOrder(
        _ order: SubjectOrders.Item,
        providerIDs: [String]
    ) -> [Trace] {
        let principals = ["order:\(order.id)", "checkout:\(order.checkoutSessionID)"]
        // A customer's own go with the customer, those of staff have nothing of him.
        let ofKeys: SQL = """
            (order_id = \(order.id) OR principal IN (\(list: principals)))
                AND principal NOT LIKE 'user:%'
            """
        let ofCheckout: SQL = "id = \(order.checkoutSessionID) AND user_id IS NULL"
        let ofLookUps: SQL = "order_id = \(order.id) OR order_number = \(order.number)"
        let ofDecisions: SQL = """
            (order_id = \(order.id) OR checkout_session_id = \(order.checkoutSessionID))
                AND \(isNamed)
            """
        let ofWebhooks: SQL = """
            applied_at IS NOT NULL AND object_id IN (\(list: providerIDs)) AND payload <> '{}'
            """
        return [
            Trace(
                name: "idempotencyKeys",
                count: "SELECT COUNT(*) AS number FROM idempotency_keys WHERE \(ofKeys)",
                removal: "DELETE FROM idempotency_keys WHERE \(ofKeys)"
            ),
            Trace(
                name: "checkoutSessions",
                count: "SELECT COUNT(*) AS number FROM checkout_sessions WHERE \(ofCheckout)",
                removal: "DELETE FROM checkout_sessions WHERE \(ofCheckout)"
            ),
            Trace(
                name: "guestAccesses",
                count: "SELECT COUNT(*) AS number FROM guest_accesses WHERE order_id = \(order.id)",
                removal: "DELETE FROM guest_accesses WHERE order_id = \(order.id)"
            ),
            Trace(
                name: "guestLookUps",
                count: "SELECT COUNT(*) AS number FROM guest_lookups WHERE \(ofLookUps)",
                removal: "DELETE FROM guest_lookups WHERE \(ofLookUps)"
            ),
            decisions(ofDecisions),
            Trace(
                name: "webhookPayloads",
                count: "SELECT COUNT(*) AS number FROM webhook_inbox WHERE \(ofWebhooks)",
                removal: "UPDATE webhook_inbox SET payload = '{}' WHERE \(ofWebhooks)"
            ),
        ]
    }

    /// What there is of a person beside orders.
    func traces(of subject: DataSubject) -> [Trace] {
        switch subject {
        case .customer(let id):
            let principal = "user:\(id)"
            return [
                // Ended just now: the rows say so to every process, and are nobody's from here on.
                Trace(
                    name: "sessions",
                    count: "SELECT COUNT(*) AS number FROM sessions WHERE user_id = \(id)",
                    removal: """
                        UPDATE sessions
                        SET user_id = '', revoked_at = COALESCE(revoked_at, UTC_TIMESTAMP(6))
                        WHERE user_id = \(id)
                        """
                ),
                Trace(
                    name: "idempotencyKeys",
                    count: """
                        SELECT COUNT(*) AS number FROM idempotency_keys
                        WHERE principal = \(principal)
                        """,
                    removal: "DELETE FROM idempotency_keys WHERE principal = \(principal)"
                ),
                Trace(
                    name: "cartOrders",
                    count: "SELECT COUNT(*) AS number FROM cart_orders WHERE user_id = \(id)",
                    removal: "DELETE FROM cart_orders WHERE user_id = \(id)"
                ),
            ]
        case .email(let address):
            let digests = guestDigests.digests(email: address).map(\.bytes)
            let ofLookUps: SQL = "email_digest IN (\(list: digests))"
            let names = fingerprints.email(address)
            return [
                Trace(
                    name: "guestLookUps",
                    count: "SELECT COUNT(*) AS number FROM guest_lookups WHERE \(ofLookUps)",
                    removal: "DELETE FROM guest_lookups WHERE \(ofLookUps)"
                ),
                // Of completions that were refused, when their checkout is gone already.
                Self.decisions("order_id IS NULL AND email_hash IN (\(list: names))"),
            ]
        }
    }

    private static func ofCheckouts(of subject: DataSubject) -> SQL {
        switch subject {
        case .customer(let id): "user_id = \(id)"
        case .email(let address):
            """
            user_id IS NULL AND LOWER(JSON_VALUE(document, '$.contact.email')) = \(address)
                AND NOT EXISTS (SELECT 1 FROM orders
                    WHERE orders.checkout_session_id = checkout_sessions.id)
            """
        }
    }

    /// What hangs on one of those and on no order, and last the checkout that it is found by.
    static func tracesOfCheckout(_ id: String) -> [Trace] {
        let ofDecisions: SQL = "checkout_session_id = \(id) AND order_id IS NULL AND \(isNamed)"
        let ofKeys: SQL = "principal = \("checkout:\(id)") AND order_id IS NULL"
        return [
            Trace(
                name: "idempotencyKeys",
                count: "SELECT COUNT(*) AS number FROM idempotency_keys WHERE \(ofKeys)",
                removal: "DELETE FROM idempotency_keys WHERE \(ofKeys)"
            ),
            decisions(ofDecisions),
            Trace(
                name: "checkoutSessions",
                count: "SELECT COUNT(*) AS number FROM checkout_sessions WHERE id = \(id)",
                removal: "DELETE FROM checkout_sessions WHERE id = \(id)"
            ),
        ]
    }

    private static let isNamed: SQL =
        "(email_hash IS NOT NULL OR network_hash IS NOT NULL OR delivery_hash IS NOT NULL)"

    /// What was decided stays, without what finds the person by it.
    private static func decisions(_ condition: SQL) -> Trace {
        Trace(
            name: "fraudDecisions",
            count: "SELECT COUNT(*) AS number FROM fraud_decisions WHERE \(condition)",
            removal: """
                UPDATE fraud_decisions
                SET email_hash = NULL, network_hash = NULL, delivery_hash = NULL
                WHERE \(condition)
                """
        )
    }

    /// The customer's own row, once no order names it.
    static func customer(_ id: String) -> Trace {
        Trace(
            name: "customers",
            count: "SELECT COUNT(*) AS number FROM customers WHERE user_id = \(id)",
            removal: """
                DELETE FROM customers WHERE user_id = \(id)
                    AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.user_id = customers.user_id)
                """
        )
    }

    /// Removes a trace, or counts it.
    ///
    /// - Returns: how many rows went, or would.
    func apply(_ trace: Trace, isDryRun: Bool, until deadline: Deadline) throws -> Int {
        if isDryRun {
            return try database.query(trace.count, class: .job, until: deadline)
                .first?.int("number") ?? 0
        }
        return Int(
            try database.execute(trace.removal, class: .job, until: deadline).affectedRows
        )
    }

    /// How many of an order's tokens are alive.
    func liveGuestTokens(of orderID: Int64, until deadline: Deadline) throws -> Int {
        try database.query(
            """
            SELECT COUNT(*) AS number FROM guest_tokens
            WHERE order_id = \(orderID) AND COALESCE(revoked_at, expires_at) > \(clock.now)
            """,
            class: .job,
            until: deadline
        ).first?.int("number") ?? 0
    }

    /// The checkouts of a person that became no order, or belong to the customer's account.
    func checkouts(of subject: DataSubject, until deadline: Deadline) throws -> [String] {
        try database.query(
            "SELECT id FROM checkout_sessions WHERE \(Self.ofCheckouts(of: subject))",
            class: .job,
            until: deadline
        ).map { try $0.string("id") }
    }

    /// Adds the record of an erasure.
    func record(
        _ report: ErasureReport,
        by account: String,
        reason: String,
        until deadline: Deadline
    ) throws {
        let counts = String(decoding: report.countsJSON.serialized(), as: UTF8.self)
        try database.execute(
            """
            INSERT INTO privacy_erasures
                (subject_kind, subject_hash, actor, reason, erased_at, skipped, counts)
            VALUES (\(report.subject.kind), \(report.subject.hash.bytes), \(account), \(reason),
                \(clock.now), \(report.open.count), \(counts))
            """,
            class: .write,
            until: deadline
        )
    }
}
