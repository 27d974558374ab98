import MariaDB

extension RetentionRule {
    /// Every class of data that tells of people, in the order of Operating's table.
    ///
    /// Supporting documents of the accounts are kept for five years from 1 July of the year that
    /// follows, which is six and a half years at most; older sources say ten.
    package static let all = accounting + accesses + mechanisms + records

    private static let accounting = [
        RetentionRule(
            "orders_unpaid",
            ["orders", "order_name_words", "order_name_pairs"],
            "contact, addresses, network address of orders that brought no money",
            age: "created_at",
            .setting(.unpaidOrderRetention) { $0.unpaidOrder },
            .pseudonymise,
            "nothing was sold; questions of the customer, late money",
            oldest: """
                SELECT MIN(created_at) AS oldest FROM (
                    SELECT MIN(created_at) AS created_at FROM orders
                    WHERE personal_data = 'whole' AND status IN ('cancelled', 'expired', 'rejected')
                    UNION ALL SELECT MIN(created_at) FROM orders o WHERE \(isUnsold)) AS unpaid
                """,
            work: .orders { before, limit in
                """
                SELECT id FROM (
                    SELECT id, created_at FROM orders o
                    WHERE personal_data = 'whole' AND created_at < \(before)
                        AND status IN ('cancelled', 'expired', 'rejected')
                        AND \(broughtNothing) AND \(isClosed)
                    UNION ALL
                    SELECT id, created_at FROM orders o
                    WHERE \(isUnsold) AND created_at < \(before)
                        AND \(broughtNothing) AND \(isClosed)) AS unpaid
                ORDER BY created_at LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "orders_contact",
            [
                "orders", "order_name_words", "order_name_pairs", "order_events", "shipments",
                "shipment_events", "payment_attempts", "reservations", "payment_disputes",
                "fraud_warnings",
            ],
            "e-mail, phone, name, where it was sent, network address, tracking number, causes, risk",
            age: "created_at",
            .setting(.orderContactRetention) { $0.orderContact },
            .pseudonymise,
            "claims about goods and payment; whom the invoice is for is kept",
            oldest: """
                SELECT MIN(created_at) AS oldest FROM orders
                WHERE personal_data = 'whole' AND status IN ('delivered', 'returned', 'cancelled')
                """,
            work: .orders { before, limit in
                """
                SELECT id FROM orders o
                WHERE personal_data = 'whole' AND created_at < \(before)
                    AND status IN (\(list: ended)) AND \(isClosed)
                ORDER BY created_at LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "orders_invoice",
            [
                "orders", "order_lines", "payments", "refunds", "refund_lines", "invoices",
                "invoice_submissions", "invoice_name_words", "invoice_name_pairs",
            ],
            "whom invoices are for, his address and tax number; documents and XML; why money went back",
            age: "created_at",
            .setting(.accountingRetention) { $0.accounting },
            .pseudonymise,
            "supporting documents: 5 years from 1 July of the year that follows",
            oldest: "SELECT MIN(created_at) AS oldest FROM orders WHERE personal_data = 'invoice'",
            work: .orders { before, limit in
                """
                SELECT id FROM orders o
                WHERE personal_data = 'invoice' AND created_at < \(before)
                    AND status IN (\(list: ended)) AND \(isClosed)
                    AND NOT EXISTS (SELECT 1 FROM invoices y
                        WHERE y.order_id = o.id AND \(InvoiceStore.youngestAt) >= \(before))
                ORDER BY created_at LIMIT \(limit)
                """
            }
        ),
    ]

    private static let ended = ["delivered", "returned", "cancelled", "expired", "rejected"]

    /// Whether order `o` came back unpaid from the door before it had an invoice, or its invoice was
    /// withdrawn, and somebody's data is left in it.
    ///
    /// The payment's state picks these by an index out of all that came back, most of which was paid.
    private static let isUnsold: SQL = """
        o.status = 'returned' AND o.payment_status IN ('due_on_delivery', 'cancelled')
        AND o.personal_data <> 'none'
        AND NOT EXISTS (SELECT 1 FROM invoices y WHERE y.order_id = o.id)
        """

    private static let broughtNothing: SQL = """
        NOT EXISTS (SELECT 1 FROM payments p
            WHERE p.order_id = o.id AND p.captured_minor > 0)
        """

    /// Whether nothing of the money of order `o` is under way; what `OrderReduction` asks again.
    private static let isClosed: SQL = """
        NOT EXISTS (SELECT 1 FROM payments p
            WHERE p.order_id = o.id AND \(OrderReduction.isLivePayment))
        AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id
            AND r.status IN (\(list: OrderReduction.liveRefunds)))
        AND NOT EXISTS (SELECT 1 FROM payment_disputes d JOIN payments p ON p.id = d.payment_id
            WHERE p.order_id = o.id AND d.closed_at IS NULL)
        """

    private static let accesses = [
        RetentionRule(
            "sessions",
            ["sessions"],
            "user id, when it was used",
            age: "expires_at",
            .setting(.accessRetention) { $0.access },
            .delete,
            "who was signed in when something happened",
            oldest: "SELECT MIN(expires_at) AS oldest FROM sessions",
            work: .statement { before, limit in
                "DELETE FROM sessions WHERE expires_at < \(before) ORDER BY expires_at LIMIT \(limit)"
            }
        ),
        RetentionRule(
            "guest_tokens",
            ["guest_tokens"],
            "which order a link opened",
            age: "expires_at",
            .setting(.accessRetention) { $0.access },
            .delete,
            "which links there were when something happened",
            oldest: "SELECT MIN(expires_at) AS oldest FROM guest_tokens",
            work: .statement { before, limit in
                """
                DELETE FROM guest_tokens WHERE expires_at < \(before)
                ORDER BY expires_at LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "checkout_sessions",
            ["checkout_sessions"],
            "contact, addresses, what was to be bought",
            age: "closes_at",
            .setting(.checkoutRetention) { $0.checkout },
            .delete,
            "repeats of a completion find their order",
            oldest: "SELECT MIN(closes_at) AS oldest FROM checkout_sessions",
            work: .statement { before, limit in
                """
                DELETE FROM checkout_sessions WHERE closes_at < \(before)
                ORDER BY closes_at LIMIT \(limit)
                """
            }
        ),
    ]

    private static let mechanisms = [
        RetentionRule(
            "guest_accesses",
            ["guest_accesses"],
            "when and from which network address a guest looked at an order",
            age: "accessed_at",
            .setting(.guestAccessRetention) { $0.guestAccesses },
            .delete,
            "who had a link, should it have got into wrong hands",
            oldest: "SELECT MIN(accessed_at) AS oldest FROM guest_accesses",
            work: .statement { before, limit in
                """
                DELETE FROM guest_accesses WHERE accessed_at < \(before)
                ORDER BY accessed_at LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "guest_lookups",
            ["guest_lookups"],
            "an order's number, a keyed hash of an e-mail address, a network address",
            age: "expires_at",
            .fixed(.seconds(86_400)),
            .delete,
            "the mailer may ask late",
            oldest: "SELECT MIN(expires_at) AS oldest FROM guest_lookups",
            work: .statement { before, limit in
                """
                DELETE FROM guest_lookups WHERE expires_at < \(before)
                ORDER BY expires_at LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "fraud_reviews",
            ["fraud_reviews"],
            "who of the shop decided on an order, and why",
            age: "decided_at",
            .setting(.orderContactRetention) { $0.orderContact },
            .delete,
            "claims of who was refused",
            oldest: "SELECT MIN(decided_at) AS oldest FROM fraud_reviews",
            work: .statement { before, limit in
                """
                DELETE FROM fraud_reviews WHERE status <> 'waiting' AND decided_at < \(before)
                ORDER BY id LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "fraud_decisions",
            ["fraud_decisions"],
            "keyed hashes of e-mail, network and delivery address; amounts, countries, reasons",
            age: "decided_at",
            .setting(.orderContactRetention) { $0.orderContact },
            .delete,
            "claims of who was refused; one that a review rests on stays with it",
            oldest: "SELECT MIN(decided_at) AS oldest FROM fraud_decisions",
            work: .statement { before, limit in
                """
                DELETE FROM fraud_decisions WHERE decided_at < \(before)
                    AND id NOT IN (SELECT decision_id FROM fraud_reviews)
                ORDER BY decided_at LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "bulk_cancels",
            ["bulk_cancels", "bulk_cancel_items"],
            "which orders somebody of the shop cancelled together, and why",
            age: "created_at",
            .fixed(.days(90)),
            .delete,
            "questions of customers; histories and the record of staff have it for longer",
            oldest: "SELECT MIN(created_at) AS oldest FROM bulk_cancels",
            work: .statement { before, limit in
                // Each takes up to a thousand rows with it.
                """
                DELETE FROM bulk_cancels WHERE created_at < \(before)
                    AND NOT EXISTS (SELECT 1 FROM bulk_cancel_items i
                        WHERE i.bulk_cancel_id = bulk_cancels.id AND i.outcome = 'pending')
                ORDER BY created_at LIMIT \(min(limit, 20))
                """
            }
        ),
        RetentionRule(
            "idempotency_keys",
            ["idempotency_keys"],
            "sealed answers, with contact and secret",
            age: "expires_at",
            .none,
            .delete,
            "repeats get the first answer",
            oldest: "SELECT MIN(expires_at) AS oldest FROM idempotency_keys",
            work: .statement { before, limit in
                """
                DELETE FROM idempotency_keys WHERE expires_at < \(before)
                ORDER BY expires_at LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "cart_orders",
            ["cart_orders"],
            "which cart of a customer was bought",
            age: "ordered_at",
            .fixed(CartOrders.life),
            .delete,
            "a cart is bought once",
            oldest: "SELECT MIN(ordered_at) AS oldest FROM cart_orders",
            work: .statement { before, limit in
                """
                DELETE FROM cart_orders WHERE ordered_at <= \(before)
                ORDER BY ordered_at LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "webhooks",
            ["webhook_inbox"],
            "payloads of Stripe, with name, e-mail and card of the payer",
            age: "applied_at",
            .setting(.webhookRetention) { $0.webhook },
            .delete,
            "repeats are known; Stripe's own list goes back 30 days",
            oldest: "SELECT MIN(applied_at) AS oldest FROM webhook_inbox",
            work: .statement { before, limit in
                """
                DELETE FROM webhook_inbox WHERE applied_at < \(before)
                ORDER BY applied_at LIMIT \(limit)
                """
            }
        ),
        RetentionRule(
            "outbox",
            ["outbox"],
            "order ids and states, nothing of the person",
            age: "sent_at",
            .setting(.outboxRetention) { $0.outbox },
            .delete,
            "events can be sent again",
            oldest: "SELECT MIN(sent_at) AS oldest FROM outbox",
            work: .statement { before, limit in
                "DELETE FROM outbox WHERE sent_at < \(before) ORDER BY sent_at LIMIT \(limit)"
            }
        ),
    ]

    private static let records = [
        RetentionRule(
            "customers",
            ["customers"],
            "user id and number of orders",
            age: "user_id",
            .forEver,
            .keep,
            "the histories' order; goes when the customer's data is erased"
        ),
        RetentionRule(
            "audit_records",
            ["audit_records"],
            "who of the shop looked at whose data; ids, network address of staff",
            age: "recorded_at",
            .forEver,
            .keep,
            "append-only; the account that migrates removes rows"
        ),
        RetentionRule(
            "privacy_erasures",
            ["privacy_erasures"],
            "a hash of whose data was erased",
            age: "erased_at",
            .forEver,
            .keep,
            "append-only; shows that it was done"
        ),
    ]

    /// Tables that tell nothing of customers.
    package static let impersonalTables = [
        "breaker_order_log", "breaker_orders", "catch_up", "invoice_series", "process_reports",
        "reconciliation", "refund_days", "refund_switchings", "retention_classes",
        "schema_migrations",
    ]
}
