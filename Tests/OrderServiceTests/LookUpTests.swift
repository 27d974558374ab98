import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Testing
import Web

@testable import OrderService

@Suite("Look-ups and fulfilment", .enabled(if: ServiceUnderTest.isAvailable))
struct LookUpTests {
    @Test("answer a hit and a miss byte for byte alike", arguments: ["", "/payment", "/tracking"])
    func hitsAndMisses(part: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let path = order.path + part
            let miss = service.send(.get, path, token: order.token)
            #expect(miss.status == 200)
            // Behind the caches' back: a hit does not see it.
            try service.execute("UPDATE orders SET email = 'x@y.ro'")
            let hit = service.send(.get, path, token: order.token)
            #expect(hit.response.body == miss.response.body)
            #expect(hit.field("ETag") == miss.field("ETag"))
            for answer in [miss, hit] {
                #expect(answer.field("Cache-Control") == "private, no-cache")
                #expect(answer.field("Vary") == "Authorization, Cookie")
                #expect(answer.field("Content-Type") == "application/json")
            }
            let tag = try #require(hit.field("ETag"))
            for shown in [tag, "W/\(tag)", "\"x\", \(tag)", "\"x\",\t\(tag) ,", "*"] {
                let same = service.send(
                    .get,
                    path,
                    token: order.token,
                    headers: [("If-None-Match", shown)]
                )
                #expect(same.status == 304 && same.response.body.isEmpty)
                #expect(same.field("ETag") == tag)
            }
            let older = service.send(
                .get,
                path,
                token: order.token,
                headers: [("If-None-Match", "\"\(order.id)-1\"")]
            )
            #expect(older.status == 200 && older.response.body == miss.response.body)
            // Of one that claims to have seen a newer one as well the record is asked.
            let both = "\(tag), \(tag.replacing("-", with: "-9"))"
            let newer = service.send(
                .get,
                path,
                token: order.token,
                headers: [("If-None-Match", both)]
            )
            #expect(newer.status == 304 && newer.field("ETag") == tag)
            // What is no query is none out of the cache either.
            let unread = service.send(.get, "\(path)?a=%FF", token: order.token)
            #expect(unread.status == 400 && unread.code == "invalid_request")
        }
    }

    @Test("are no older than what the record has told of the order, before its caches are dropped")
    func afterTheRecord() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            func tag(_ path: String) -> String? {
                service.send(.get, path, token: token).field("ETag")
            }
            for path in ["/items", "/events"] {
                let before = tag(order.path)
                // As another process, which has committed and not dropped yet.
                try service.execute(
                    "UPDATE orders SET version = version + 1, updated_at = \(service.now)"
                )
                #expect(tag(order.path) == before)
                let told = tag(order.path + path)
                #expect(told != before && tag(order.path) == told)
            }
        }
    }

    @Test("see a change at once, through every cache")
    func coherence() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let warehouse = try service.session("w", .service)
            let parts = ["", "/payment", "/tracking"]
            func tags() -> [String?] {
                parts.map { service.send(.get, order.path + $0, token: order.token).field("ETag") }
            }
            let before = tags()
            #expect(tags() == before)
            let path = "/v1/admin/orders/\(order.id)/fulfilment"
            #expect(service.send(.post, path, token: warehouse, ["event": "start"]).status == 200)
            let after = tags()
            #expect(Set(after).count == 1 && after[0] != before[0])
            let tracking = service.send(.get, order.path + "/tracking", token: order.token)
            #expect(tracking["status"] == "preparing")
        }
    }

    @Test("keep for half a minute that there is no order, until there is one")
    func absence() async throws {
        try await ServiceUnderTest.run { service in
            let owner = try service.session("1", .customer)
            let staff = try service.session("s", [.support, .customer])
            let before = try service.placedOrder(customer: "1", token: owner)
            let next = "/v1/orders/\(before.id + 1)"
            let keys = [CacheName.orderSummaries, .paymentStatus, .orderTracking]
                .map { $0.key(before.id + 1) }
            func lives() throws -> [Int64] {
                try keys.map { key in
                    let reply = try service.services.cache.redis.send(
                        Command("PTTL", key),
                        until: service.soon
                    )
                    return try #require(reply.integer)
                }
            }
            for part in ["", "/payment", "/tracking"] {
                // Who is nobody here leaves nothing behind.
                #expect(service.send(.get, next + part, token: owner).status == 404)
            }
            #expect(try lives() == [-2, -2, -2])
            for _ in 0..<2 {
                for part in ["", "/payment", "/tracking"] {
                    let answer = service.send(.get, next + part, token: staff)
                    #expect(answer.status == 404 && answer.code == "order_not_found")
                }
            }
            for life in try lives() { #expect((1...30_000).contains(life)) }
            let metrics = service.send(.get, "/metrics").text
            let labels = #"cache="order-summaries",outcome="negative_hit""#
            #expect(metrics.contains("orderd_cache_reads_total{\(labels)} 1\n"))
            #expect(service.send(.get, next, token: owner).status == 404)

            let bulk: JSON = ["ids": [JSON(before.id), JSON(before.id + 1)]]
            let states = service.send(.post, "/v1/orders/bulk/status", token: staff, bulk)
            #expect(states["missing"] == [JSON(before.id + 1)])

            let order = try service.placedOrder(customer: "1", token: owner)
            #expect(order.id == before.id + 1)
            for token in [owner, staff] {
                for part in ["", "/payment", "/tracking"] {
                    #expect(service.send(.get, next + part, token: token).status == 200)
                }
            }
        }
    }

    @Test("bring nothing into the cache for who may not see it, whatever the tag")
    func strangers() async throws {
        try await ServiceUnderTest.run { service in
            let owner = try service.session("1", .customer)
            let stranger = try service.session("2", .customer)
            let order = try service.placedOrder(customer: "1", token: owner)
            let key = CacheName.orderSummaries.key(order.id)
            func stored() throws -> [UInt8]? {
                try service.services.cache.redis.send(Command("GET", key), until: service.soon)
                    .bytes
            }
            let future = [("If-None-Match", "\"\(order.id)-999\"")]
            for headers in [[], future] {
                let answer = service.send(.get, order.path, token: stranger, headers: headers)
                #expect(answer.status == 404)
            }
            #expect(try stored() == nil)
            let own = service.send(.get, order.path, token: owner, headers: future)
            #expect(own.status == 200 && own.field("ETag") != nil)
            let entry = try #require(try stored())
            // A hit for the stranger as well, who is not let in; the record is not asked again.
            try service.execute("UPDATE orders SET version = version + 1")
            let answer = service.send(.get, order.path, token: stranger, headers: future)
            #expect(try answer.status == 404 && stored() == entry)
        }
    }

    @Test("tell staff's form of the events from the owner's")
    func staffTags() async throws {
        try await ServiceUnderTest.run { service in
            let owner = try service.session("1", .customer)
            let staff = try service.session("s", .support)
            let order = try service.placedOrder(customer: "1", token: owner)
            let path = order.path + "/events"
            let tags = try [owner, staff].map { token in
                try #require(service.send(.get, path, token: token).field("ETag"))
            }
            for (token, tag, status) in [
                (owner, tags[0], 304), (staff, tags[1], 304), (owner, tags[1], 200),
                (staff, tags[0], 200),
            ] {
                let headers = [("If-None-Match", tag)]
                #expect(service.send(.get, path, token: token, headers: headers).status == status)
            }
        }
    }

    @Test("hide another user's order, and show it to staff")
    func ownership() async throws {
        try await ServiceUnderTest.run { service in
            let owner = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: owner)
            let stranger = try service.session("2", .customer)
            for part in ["", "/items", "/payment", "/tracking", "/events"] {
                // First a miss, then a hit.
                for _ in 0..<2 {
                    #expect(service.send(.get, order.path + part, token: owner).status == 200)
                    let answer = service.send(.get, order.path + part, token: stranger)
                    #expect(answer.status == 404 && answer.code == "order_not_found")
                    for role in [Roles.support, .finance, .admin, .service] {
                        let staff = try service.session("1", role)
                        let seen = service.send(.get, order.path + part, token: staff)
                        #expect(seen.status == 200)
                    }
                }
            }
            let none = service.send(.get, "/v1/orders/999999", token: owner)
            #expect(none.status == 404 && none.code == "order_not_found")
            // An owner's id without the role of a customer opens nothing.
            let odd = try service.session("1", .finance)
            #expect(service.send(.get, "/v1/orders", token: odd).status == 403)
        }
    }

    @Test("page a customer's history densely, newest first")
    func history() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let ids = try (0..<7).map { _ in
                try service.placedOrder(customer: "1", token: token).id
            }
            let other = try service.session("2", .customer)
            _ = try service.placedOrder(customer: "2", token: other)
            func page(_ query: String, _ token: String = token) -> TestAnswer {
                service.send(.get, "/v1/orders?\(query)", token: token)
            }
            let seen = (0..<4).flatMap { number in
                page("page=\(number)&size=2")["items"].array?.compactMap { $0["id"]?.integer } ?? []
            }
            #expect(seen == ids.reversed())
            let first = page("")
            #expect(first["page"] == 0 && first["size"] == 20)
            #expect(first["totalItems"] == 7 && first["totalPages"] == 1)
            #expect(page("size=2")["totalPages"] == 4)
            #expect(page("page=4&size=2")["items"] == [])
            let summary = service.send(.get, "/v1/orders/\(ids[6])", token: token)
            #expect(first["items", "0"] == summary.json)

            let nobody = try service.session("3", .customer)
            #expect(page("", nobody)["totalItems"] == 0)
            let staff = try service.session("s", .support)
            let same = service.send(.get, "/v1/users/1/orders", token: staff)
            #expect(same.response.body == first.response.body)
            #expect(service.send(.get, "/v1/users/1/orders", token: token).status == 403)
        }
    }

    @Test("number a customer's orders without gaps when many are placed at once")
    func denseNumbers() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let checkouts = try (0..<6).map { _ in
                try service.readyCheckout(customer: "1", token: token)
            }
            let answers = try checkouts.map { checkout in
                Companion { service.complete(checkout) }
            }.map { try $0.join() }
            #expect(answers.allSatisfy { $0.status == 201 })
            let rows = try service.query("SELECT user_seq FROM orders ORDER BY user_seq")
            #expect(try rows.map { try $0.int("user_seq") } == Array(1...6))
        }
    }

    @Test("show owners a public subset of what happened, and staff all of it")
    func events() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let staff = try service.session("s", .support)
            let own = service.send(.get, order.path + "/events", token: order.token)
            let all = service.send(.get, order.path + "/events", token: staff)
            let kinds = own["items"].array?.compactMap { $0["event"]?.string } ?? []
            #expect(kinds.first == "order.placed" && kinds.contains("order.confirmed"))
            #expect(kinds.contains("payment.paid"))
            for item in own["items"].array ?? [] {
                #expect(item["actor"] == nil && item["cause"] == nil && item["version"] == nil)
            }
            let allKinds = all["items"].array?.compactMap { $0["event"]?.string } ?? []
            #expect(allKinds.contains("reservation.committed"))
            #expect(!kinds.contains("reservation.committed"))
            #expect(all["items", "0", "actor"] == "guest")
            #expect(own.response.body != all.response.body)
        }
    }

    @Test("show staff of their own orders what any customer is shown, of which no record is kept")
    func eventsOfOwn() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", [.customer, .support])
            let order = try service.placedOrder(customer: "1", token: token)
            let own = service.send(.get, order.path + "/events", token: token)
            #expect(own["items", "0", "event"] == "order.placed")
            #expect(own["items", "0", "actor"].isNull)
            #expect(try service.auditRecords().isEmpty)
            let other = try service.session("2", [.customer, .support])
            let all = service.send(.get, order.path + "/events", token: other)
            #expect(all["items", "0", "actor"] == "staff:1")
            #expect(try service.auditRecords().count == 1)
        }
    }

    @Test("answer HEAD as GET, and know no order before it is visible")
    func unseen() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            #expect(service.send(.head, order.path, token: order.token).status == 200)
            try service.execute("UPDATE orders SET visible_at = NULL")
            let admin = try service.session("a", .admin)
            let answer = service.send(.get, order.path + "/items", token: admin)
            #expect(answer.status == 404 && answer.code == "order_not_found")
        }
    }

    // MARK: Fulfilment

    @Test("move an order along its way, and refuse every other move with what is allowed")
    func fulfilment() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let warehouse = try service.session("w", .service)
            let path = "/v1/admin/orders/\(order.id)/fulfilment"
            func report(_ event: String, _ more: [(name: String, value: JSON)] = []) -> TestAnswer {
                service.send(
                    .post,
                    path,
                    token: warehouse,
                    .object([("event", .string(event))] + more)
                )
            }
            func refuses(_ events: [String], allowing allowed: [JSON]) {
                for event in events {
                    let answer = report(event)
                    #expect(answer.status == 409 && answer.code == "illegal_transition")
                    #expect(answer["allowed"].array == allowed)
                }
            }
            refuses(
                ["ship", "deliver", "return"],
                allowing: ["review_payment", "review_stock", "start", "cancel"]
            )
            #expect(report("start")["status"] == "in_fulfilment")
            refuses(["start", "deliver", "return"], allowing: ["ship", "cancel"])
            let shipped = report("ship", [("carrier", "Sameday"), ("trackingNumber", "RO123")])
            #expect(shipped["status"] == "shipped")
            refuses(["start", "ship"], allowing: ["deliver", "return"])
            #expect(report("deliver")["status"] == "delivered")
            #expect(report("return")["status"] == "returned")
            refuses(["start", "ship", "deliver", "return"], allowing: [])
            let tracking = service.send(.get, order.path + "/tracking", token: order.token)
            #expect(tracking["carrier"] == "Sameday" && tracking["trackingNumber"] == "RO123")
            #expect(
                tracking["events"].array?.map { $0["event"] } == [
                    "start", "ship", "deliver", "return",
                ]
            )
        }
    }

    @Test("hold fulfilment to role, version and form")
    func fulfilmentRules() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let path = "/v1/admin/orders/\(order.id)/fulfilment"
            let warehouse = try service.session("w", .service)
            let before = try service.rowCounts()
            for roles in [Roles.customer, .support, .finance] {
                let token = try service.session("x", roles)
                let answer = service.send(.post, path, token: token, ["event": "start"])
                #expect(answer.status == 403 && answer.code == "forbidden_role")
            }
            let none = service.send(
                .post,
                "/v1/admin/orders/999999/fulfilment",
                token: warehouse,
                ["event": "start"]
            )
            #expect(none.status == 404)
            let wrong = service.send(.post, path, token: warehouse, ["event": "burn"])
            #expect(wrong.status == 422 && wrong.faults == ["/event value"])
            let version = service.send(.get, order.path, token: order.token)["version"].integer ?? 0
            func report(_ event: String, _ tag: String) -> TestAnswer {
                service.send(
                    .post,
                    path,
                    token: warehouse,
                    headers: [("If-Match", tag)],
                    ["event": .string(event)]
                )
            }
            let stale = report("start", "\"\(order.id)-\(version - 1)\"")
            #expect(stale.status == 412 && stale.code == "version_conflict")
            #expect(try service.rowCounts()["shipment_events"] == before["shipment_events"])
            let admin = try service.session("a", .admin)
            let seen = try #require(service.send(.get, order.path, token: admin).field("ETag"))
            #expect(report("start", "W/\(seen)").status == 412)
            let right = report("start", "\"x\", \(seen)")
            #expect(right.status == 200)
            let tag = try #require(right.field("ETag"))
            #expect(tag == "\"\(order.id)-\(version + 1)\"")
            #expect(report("ship", tag).status == 200)
        }
    }
}
