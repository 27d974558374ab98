import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Signing
import Testing
import Web

@testable import OrderService

@Suite("What is held of a person", .enabled(if: ServiceUnderTest.isAvailable))
struct ErasureTests {
    private func export(_ service: ServiceUnderTest, _ subject: DataSubject) throws -> JSON {
        try service.services.personalDataExport.document(of: subject, until: service.soon)
    }

    /// Brings an order to its end at the door.
    private func deliver(_ service: ServiceUnderTest, _ id: Int64) throws {
        let warehouse = try service.session("wms", .service)
        for event in ["start", "ship", "deliver"] {
            let answer = service.send(
                .post,
                "/v1/admin/orders/\(id)/fulfilment",
                token: warehouse,
                ["event": .string(event), "carrier": "FAN Courier", "trackingNumber": "T-1"]
            )
            #expect(answer.status == 200)
        }
    }

    /// Every text and payload of the database, but for the stand-in's and tables of staff.
    private func everything(_ service: ServiceUnderTest) throws -> String {
        var text = ""
        for table in try service.rowCounts().keys.sorted() {
            let rows = try service.query(SQL(stringLiteral: "SELECT * FROM \(table)"))
            for row in rows { text += JSON(exporting: row).text + "\n" }
        }
        return text
    }

    @Test("is told whole, in a form that stays, without a token or its hash")
    func exported() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1001", .customer)
            let order = try service.placedOrder(customer: "1001", token: token)
            try service.pay(order)
            try service.settle()
            let admin = try service.session("finance-1", .finance)
            let refund = service.send(
                .post,
                "/v1/admin/orders/\(order.id)/refunds",
                token: admin,
                key: "r",
                ["amount": 100, "reason": "late"]
            )
            #expect(refund.status == 201)
            try deliver(service, order.id)
            try service.settle()
            #expect(service.send(.get, order.path, token: admin).status == 200)
            let document = try export(service, .customer("1001"))
            #expect(document["format"] == "orderd-personal-data/1")
            #expect(document["subject"]?["value"] == "1001")
            let told = try #require(document["orders"]?[0])
            #expect(told["contactName"] == "Ana Țîrlea" && told["email"]?.string != nil)
            #expect(told["billing"]?["name"] == "Ana Țîrlea")
            for (list, least) in [
                ("lines", 1), ("payments", 1), ("paymentAttempts", 1), ("refunds", 1),
                ("reservations", 1), ("shipments", 1), ("shipmentEvents", 3), ("events", 4),
                ("messages", 1), ("looksOfStaff", 1), ("disputes", 0), ("fraudWarnings", 0),
                ("refundLines", 0), ("guestTokens", 0),
            ] { #expect((told[list]?.array?.count ?? -1) >= least, "\(list)") }
            for (list, least) in [
                ("webhooks", 1), ("customers", 1), ("checkoutSessions", 1), ("sessions", 1),
                ("cartOrders", 1), ("idempotencyKeys", 0), ("looksOfStaff", 1), ("erasures", 0),
                ("attemptsToPay", 1), ("customersWithTheAddress", 0),
            ] { #expect((document[list]?.array?.count ?? -1) >= least, "\(list)") }
            #expect(document["cachedCart"]?["items"]?.array?.count == 1)
            #expect(document["webhooks"]?[0]?["payload"]?["object"] == "event")
            let hashes = try service.query("SELECT token_hash FROM sessions")
            let text = document.text
            for row in hashes {
                #expect(!text.contains(JSON(exporting: row)["tokenHash"]?.string ?? "?"))
            }
            #expect(!text.contains(token) && !text.contains("_secret"))
            // The same lists where there is nothing.
            let nobody = try export(service, .customer("9999"))
            #expect(nobody.members?.map(\.name) == document.members?.map(\.name))
            #expect(nobody["orders"] == .array([]))
        }
    }

    @Test("goes, of a customer, but for whom the invoice is for; twice is as good as once")
    func customer() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1001", .customer, seconds: 1_000_000)
            let sold = try service.placedOrder(customer: "1001", token: token)
            try service.pay(sold)
            try service.settle()
            try deliver(service, sold.id)
            let unpaid = try service.placedOrder(customer: "1001", token: token)
            service.advance(by: .days(1))
            try service.settle()
            #expect(service.send(.get, unpaid.path, token: token)["status"] == "expired")
            let other = try service.session("1002", .customer)
            let kept = try service.placedOrder(customer: "1002", token: other)
            let subject = DataSubject.customer("1001")

            let preview = try service.erase(subject, isDryRun: true)
            #expect(preview.isCarriedOut && preview.open.isEmpty)
            #expect(preview.json["counts"]?["ordersKeptForInvoice"] == 1)
            #expect(preview.json["counts"]?["ordersErased"] == 1)
            #expect(service.send(.get, sold.path, token: token).status == 200)

            let report = try service.erase(subject)
            #expect(report.isCarriedOut && report.open.isEmpty && report.isRedisClean)
            #expect(report.json["counts"] == preview.json["counts"])
            #expect(service.send(.get, sold.path, token: token).status == 401)
            let rows = try service.query(
                """
                SELECT user_id, user_seq, personal_data, billing FROM orders
                WHERE id IN (\(sold.id), \(unpaid.id)) ORDER BY id
                """
            )
            #expect(try rows.map { try $0.optionalString("user_id") } == [nil, nil])
            #expect(try rows.map { try $0.string("personal_data") } == ["invoice", "none"])
            #expect(try rows[0].string("billing").contains("Ana Țîrlea"))
            // Every process still finds what has ended.
            let ended = try service.query(
                "SELECT user_id FROM sessions WHERE revoked_at IS NOT NULL"
            )
            #expect(try ended.map { try $0.string("user_id") } == [""])
            for table in ["customers", "sessions", "cart_orders", "checkout_sessions"] {
                let statement: SQL = SQL(
                    stringLiteral: "SELECT COUNT(*) AS number FROM \(table) WHERE user_id = '1001'"
                )
                #expect(try service.query(statement).first?.int("number") == 0, "\(table)")
            }
            let keys = try service.services.stateRedis.send(
                Command("EXISTS", "payment:rate:1001"),
                until: service.soon
            )
            #expect(keys.integer == 0)
            let cart = try service.services.cacheRedis.send(
                Command("EXISTS", CacheName.cart.key("1001")),
                until: service.soon
            )
            #expect(cart.integer == 0)
            let record = try #require(try service.query("SELECT * FROM privacy_erasures").first)
            #expect(try record.bytes("subject_hash") == subject.hash.bytes)
            #expect(try record.string("actor") == "cli:ana")
            #expect(try record.string("reason") == "asked by letter")

            let again = try service.erase(subject)
            #expect(again.isCarriedOut && again.open.isEmpty)
            #expect(again.json["counts"]?["ordersErased"] == nil)
            #expect(try service.query("SELECT id FROM privacy_erasures").count == 2)
            // Nobody else has lost anything.
            #expect(service.send(.get, kept.path, token: other).status == 200)
            #expect(service.send(.get, "/v1/orders", token: other)["totalItems"] == 1)
        }
    }

    @Test("is named by no record of a look that comes after, out of caches as well")
    func looksAtInvoices() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1001", .customer)
            let order = try service.placedOrder(customer: "1001", token: token)
            try service.pay(order)
            try service.settle()
            try deliver(service, order.id)
            try service.settle()
            let path =
                "/v1/admin/invoices/\(try #require(try service.invoices(of: order).first).publicID)"
            let support = try service.session("support-1", .support)
            func lastLook() throws -> AuditEntry? {
                #expect(service.send(.get, path, token: support).status == 200)
                return try service.services.audit.store.records(
                    ofOrder: order.id,
                    by: "support-1",
                    before: 0,
                    limit: 1,
                    until: service.soon
                ).first?.entry
            }
            for _ in 0..<2 { #expect(try lastLook()?.userID == "1001") }
            #expect(try service.erase(.customer("1001")).isCarriedOut)
            for _ in 0..<2 {
                let look = try #require(try lastLook())
                #expect(look.orderID == order.id && look.userID == nil)
            }
        }
    }

    @Test("goes, of a guest, from everything that the database has")
    func guest() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            _ = try service.guestCheckout(email: "ANA@example.ro")
            try service.pay(order, with: "pm_card_chargeDeclined")
            try service.settle()
            service.advance(by: .days(1))
            try service.settle()
            let before = try everything(service)
            #expect(before.contains("ana@example.ro") && before.contains("Țîrlea"))
            // What is kept of each attempt to pay is named after who made it as well.
            func attempts() throws -> [String] {
                try service.services.stateRedis.scan(
                    from: RedisClient.scanStart,
                    matching: "*ana@example.ro*",
                    until: service.soon
                ).keys.map { String(decoding: $0, as: UTF8.self) }
            }
            #expect(try attempts().contains { $0.contains(":by:") })
            let report = try service.erase(try #require(DataSubject(email: " Ana@Example.ro ")))
            #expect(report.isCarriedOut && report.open.isEmpty)
            #expect(try attempts() == [])
            let after = try everything(service).lowercased()
            for trace in ["ana@example.ro", "țîrlea", "722 000 111", "memorandumului"] {
                #expect(!after.contains(trace), "\(trace)")
            }
            #expect(service.send(.get, order.path, token: order.token).status == 401)
            #expect(try export(service, .email("ana@example.ro"))["orders"] == .array([]))
        }
    }

    @Test("goes out of Redis as well, where a checkout was never completed")
    func unfinished() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.guestCheckout(email: "vic@example.ro")
            let path = "/v1/checkout/sessions/\(checkout.id)"
            #expect(service.send(.get, path, token: checkout.token).status == 200)
            try service.execute(
                """
                INSERT INTO fraud_decisions (stage, outcome, score, document, checkout_session_id,
                    email_hash, decided_at)
                VALUES ('checkout', 'block', 100, '{}', \(checkout.id), REPEAT('x', 16),
                    UTC_TIMESTAMP(6))
                """
            )
            let report = try service.erase(.email("vic@example.ro"))
            #expect(report.isCarriedOut && report.isRedisClean)
            #expect(service.send(.get, path, token: checkout.token).status == 404)
            let found = try service.query(
                "SELECT 1 FROM fraud_decisions WHERE email_hash IS NOT NULL"
            )
            #expect(found.isEmpty)
            #expect(DataSubject(email: "Erased@example.invalid") == nil)
        }
    }

    @Test("goes where only the address is left to find it by")
    func byAddressAlone() async throws {
        let rules = ServiceUnderTest.fraud(ServiceUnderTest.strict)
        try await ServiceUnderTest.run(rules) { service in
            try service.sell("SURUB", price: 100)
            let checkout = try service.readyCheckout([ServiceUnderTest.item("SURUB", 60)])
            #expect(service.complete(checkout).code == "payment_refused")
            try service.execute("DELETE FROM checkout_sessions")
            service.lookUp("RO-0000-0000-0", "ana@example.ro")
            service.lookUp("RO-0000-0000-0", "eva@example.ro")
            let report = try service.erase(.email("ana@example.ro"))
            #expect(report.json["counts"]?["fraudDecisions"] == 1)
            #expect(report.json["counts"]?["guestLookUps"] == 1)
            #expect(try service.query("SELECT 1 FROM guest_lookups").count == 1)
            let named = try service.query(
                "SELECT 1 FROM fraud_decisions WHERE email_hash IS NOT NULL"
            )
            #expect(named.isEmpty)
        }
    }

    @Test("goes out of what staff wrote, once the accounts need nothing")
    func wordsOfStaff() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let admin = try service.session("support-1", .admin)
            let answer = service.send(
                .post,
                "/v1/orders/\(order.id)/cancel",
                token: admin,
                key: "c",
                ["reason": "Ana called"]
            )
            #expect(answer.status == 200)
            try service.settle()
            let causes: SQL = "SELECT cause FROM order_events WHERE cause LIKE '%Ana%'"
            #expect(try service.query(causes).count > 0)
            _ = try service.erase(.email("ana@example.ro"))
            #expect(try service.query(causes).isEmpty)
        }
    }

    @Test("stays while an order is open, a refund under way or a dispute undecided")
    func open() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1001", .customer)
            let paid = try service.placedOrder(customer: "1001", token: token)
            try service.pay(paid)
            try service.settle()
            let subject = DataSubject.customer("1001")
            let before = try everything(service)
            let refused = try service.erase(subject)
            #expect(!refused.isCarriedOut)
            #expect(refused.open.map(\.id) == [paid.id])
            #expect(refused.open.map(\.obstacle) == ["order.confirmed"])
            #expect(try everything(service) == before)

            try deliver(service, paid.id)
            try service.settle()
            try service.execute("UPDATE payments SET refund_reserved_minor = 100")
            try service.execute(
                """
                INSERT INTO refunds (public_id, order_id, payment_id, amount_minor, currency, reason,
                    status, provider_key, requested_by, created_at, updated_at)
                SELECT 'ref_1', order_id, id, 100, currency, 'late', 'manual', 'key', 'staff:1',
                    created_at, created_at FROM payments
                """
            )
            #expect(try service.erase(subject).open.map(\.obstacle) == ["refund.manual"])
            // The rest can be done, and the history stays whole until all of it goes.
            let skipped = try service.erase(subject, skipsOpen: true)
            #expect(skipped.isCarriedOut && skipped.open.count == 1)
            #expect(service.send(.get, paid.path, token: token).status == 401)
            let fresh = try service.session("1001", .customer)
            let history = service.send(.get, "/v1/orders", token: fresh)
            #expect(history["totalItems"] == 1 && history["items"].array?.count == 1)

            try service.execute("UPDATE refunds SET status = 'failed'")
            try service.execute(
                """
                INSERT INTO payment_disputes (dispute_id, payment_id, charge_id, amount_minor,
                    currency, reason, status, opened_at, created_at, updated_at)
                SELECT 'dp_1', id, 'ch_1', 100, currency, 'fraudulent', 'needs_response',
                    created_at, created_at, created_at FROM payments
                """
            )
            #expect(try service.erase(subject).open.map(\.obstacle) == ["dispute.needs_response"])
            try service.execute(
                "UPDATE payment_disputes SET status = 'lost', closed_at = updated_at"
            )
            let done = try service.erase(subject)
            #expect(done.isCarriedOut && done.open.isEmpty)
            #expect(
                try service.query("SELECT user_id FROM customers WHERE user_id = '1001'").isEmpty
            )
        }
    }

    @Test("of an address is what guests did with it; customers who used it are named")
    func address() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1001", .customer)
            let order = try service.placedOrder(customer: "1001", token: token)
            let email = try service.query("SELECT email FROM orders WHERE id = \(order.id)").first?
                .string("email")
            let subject = try #require(email.flatMap { DataSubject(email: $0) })
            let report = try service.erase(subject)
            #expect(report.isCarriedOut && report.open.isEmpty && report.customers == ["1001"])
            #expect(service.send(.get, order.path, token: token)["status"] == "awaiting_payment")
            #expect(DataSubject(email: "nothing") == nil)
            #expect(DataSubject(customer: "a b") == nil)
        }
    }
}

extension JSON {
    fileprivate var text: String { String(decoding: serialized(), as: UTF8.self) }
}
