import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Look-ups by number and e-mail", .enabled(if: ServiceUnderTest.isAvailable))
struct GuestLookUpTests {
    @Test("are answered alike, whatever is looked up, and leave a row of the same form")
    func answers() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let number = service.number(of: order)
            let looks = [
                (number, "ana@example.ro"), (number.lowercased(), " ANA@Example.RO "),
                (number, "eva@example.ro"), ("RO-0000-0000-0", "ana@example.ro"),
                (number.dropLast() + "~", "ana@example.ro"), ("x", "x"), ("Ș", "ana@"),
            ].map { service.lookUp(String($0), $1) }
            for answer in looks {
                #expect(answer.status == 202 && answer.json == ["status": "accepted"])
                #expect(answer.field("Cache-Control") == "no-store")
                #expect(answer.response.fields.map { "\($0.name)" } == ["X-Request-Id"])
            }
            let rows = try service.query(
                """
                SELECT public_id, LENGTH(public_id) AS id_length, LENGTH(email_digest) AS digest_length,
                    network, resolved_at, order_id FROM guest_lookups
                """
            )
            #expect(rows.count == looks.count)
            #expect(Set(try rows.map { try $0.string("public_id") }).count == looks.count)
            for row in rows {
                #expect(try row.int("id_length") == 47 && row.int("digest_length") == 32)
                #expect(try row.string("network") == "127.0.0.1")
                #expect(try row.optionalTimestamp("resolved_at") == nil)
                #expect(try row.optionalInt64("order_id") == nil)
            }
        }
    }

    @Test("ask the mailer for a link if number and address belong together, once each")
    func event() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let other = try service.placedOrder()
            let number = service.number(of: order)
            service.lookUp(number, "Ana@Example.ro")
            service.lookUp(number, "eva@example.ro")
            service.lookUp("RO-0000-0000-0")
            service.lookUp(number.lowercased().replacing("-", with: ""))
            try service.drain()
            let told = try service.requestedLinks()
            #expect(told.count == 2)
            for event in told {
                #expect(event["orderId"]?.integer == order.id)
                #expect(event["data"]?["order"]?["orderNumber"]?.string == number)
                #expect(event["data"]?["lookup"]?["id"]?.string?.hasPrefix("glk_") == true)
                let expiry = event["data"]?["lookup"]?["expiresAt"]?.string
                #expect((expiry ?? "") > (service.now + .seconds(3_500)).rfc3339)
            }
            let texts = told.map { String(decoding: $0.serialized(), as: UTF8.self) }.joined()
            #expect(!texts.contains("gt_") && !texts.contains("@"))
            try service.drain()
            #expect(try service.requestedLinks().count == 2)
            #expect(try service.streamedTopics(of: other.id) == ["order.placed"])
            let open = try service.query("SELECT id FROM guest_lookups WHERE resolved_at IS NULL")
            #expect(open.isEmpty)
        }
    }

    @Test("find customers' orders and ended ones, and none that nobody is shown")
    func orders() async throws {
        try await ServiceUnderTest.run { service in
            let customer = try service.session("1001", .customer)
            let theirs = try service.placedOrder(customer: "1001", token: customer)
            let address = try service.query("SELECT email FROM orders WHERE id = \(theirs.id)")
            service.lookUp(service.number(of: theirs), try #require(address.first).string("email"))

            let ended = try service.placedOrder()
            let cancel = "\(ended.path)/cancel"
            #expect(service.send(.post, cancel, token: ended.token, key: "k").status == 200)
            service.lookUp(service.number(of: ended))

            let hidden = try service.placedOrder()
            try service.execute("UPDATE orders SET visible_at = NULL WHERE id = \(hidden.id)")
            service.lookUp(service.number(of: hidden))

            let erased = try service.placedOrder()
            try service.execute("UPDATE orders SET email = '' WHERE id = \(erased.id)")
            service.lookUp(service.number(of: erased))
            try service.drain()
            let told = try service.requestedLinks().compactMap { $0["orderId"]?.integer }
            #expect(told.sorted() == [theirs.id, ended.id].sorted())
        }
    }

    @Test("are too late for the worker when their time is over")
    func late() async throws {
        try await ServiceUnderTest.run(["GUEST_LOOKUP_TTL": "10min"]) { service in
            let order = try service.placedOrder()
            service.lookUp(service.number(of: order))
            service.advance(by: .seconds(601))
            try service.drain()
            #expect(try service.requestedLinks().isEmpty)
            #expect(try service.guestAccesses(of: order.id).isEmpty)
            service.advance(by: .seconds(86_400))
            try service.drain()
            #expect(try service.rowCounts()["guest_lookups"] == 0)
        }
    }

    @Test("are looked at by one worker each, though several look")
    func workers() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            for _ in 0..<40 { service.lookUp(service.number(of: order)) }
            let siblings = try (0..<3).map { _ in try service.makeSibling() }
            defer { for sibling in siblings { sibling.close() } }
            let workers = siblings.map { sibling in
                Companion { try sibling.makeWorker().drain() }
            }
            for worker in workers { _ = try worker.join() }
            try service.drain()
            let ids = try service.requestedLinks().compactMap {
                $0["data"]?["lookup"]?["id"]?.string
            }
            #expect(ids.count == 40 && Set(ids).count == 40)
        }
    }

    @Test("hold under a new sealing key, with the old one beside it")
    func keyChange() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            service.lookUp(service.number(of: order))
            let sibling = try service.makeSibling([
                "SEALING_KEY": String(repeating: "1e", count: 32),
                "SEALING_KEY_PREVIOUS": String(repeating: "0f", count: 32),
            ])
            defer { sibling.close() }
            try sibling.makeWorker().drain()
            #expect(try service.requestedLinks().count == 1)
        }
    }

    @Test(
        "refuse only what is no request",
        arguments: [
            ("{", 400), ("", 400), ("[]", 422), ("{}", 422),
            (#"{"orderNumber":"RO-1"}"#, 422), (#"{"orderNumber":1,"email":"a@b.ro"}"#, 422),
            (#"{"orderNumber":"RO-1","email":""}"#, 422),
            (#"{"orderNumber":"RO-1","email":"a\u0000@b.ro"}"#, 422),
            (#"{"orderNumber":"RO-1","email":"a@b.ro","more":1}"#, 422),
            (#"{"orderNumber":"\#(String(repeating: "1", count: 65))","email":"a@b.ro"}"#, 422),
            (#"{"orderNumber":"RO-1","email":"\#(String(repeating: "a", count: 255))"}"#, 422),
        ]
    )
    func malformed(body: String, status: Int) async throws {
        try await ServiceUnderTest.run { service in
            let answer = service.send(.post, "/v1/guest/lookup", raw: Array(body.utf8))
            #expect(answer.status == status && answer.code == "invalid_request")
            let (rows, keys) = (try service.rowCounts(), try service.lookUpKeys())
            #expect(rows["guest_lookups"] == 0 && keys.isEmpty)
        }
    }

    @Test("do not look at credentials: who needs a link may have a dead one")
    func credentials() async throws {
        try await ServiceUnderTest.run { service in
            for token in ["gt_" + String(repeating: "A", count: 43), "st_x", "x"] {
                let answer = service.send(
                    .post,
                    "/v1/guest/lookup",
                    token: token,
                    ["orderNumber": "RO-1", "email": "a@b.ro"]
                )
                #expect(answer.status == 202)
            }
        }
    }
}
