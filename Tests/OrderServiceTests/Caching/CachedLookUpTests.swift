import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Testing
import Web

@testable import OrderService

@Suite("Look-ups and their caches", .enabled(if: ServiceUnderTest.isAvailable))
struct CachedLookUpTests {
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

    @Test(
        "are no older than what the record has told of the order, before its caches are dropped",
        arguments: [
            ("", .orderSummaries), ("/payment", .paymentStatus), ("/tracking", .orderTracking),
            ("/items", nil), ("/events", nil), ("history", nil), ("bulk", .orderSummaries),
            ("search", nil),
        ] as [(String, CacheName?)]
    )
    func afterTheRecord(part: String, lost: CacheName?) async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", [.customer, .service, .support])
            let order = try service.placedOrder(customer: "1", token: token)
            func version(_ path: String) -> Int64? {
                let tag = service.send(.get, order.path + path, token: token).field("ETag")
                return tag?.split(separator: "-").last.flatMap { Int64($0.dropLast()) }
            }
            func history(_ size: Int) -> Int64? {
                service.send(.get, "/v1/orders?size=\(size)", token: token)["items", "0", "version"]
                    .integer
            }
            func cached() -> Set<Int64?> {
                Set(["", "/payment", "/tracking"].map(version) + [history(10)])
            }
            let before = try #require(version("/items"))
            #expect(cached() == [before])
            // As another process, which has committed and not dropped yet.
            service.advance(by: .seconds(1))
            try service.execute(
                "UPDATE orders SET version = version + 1, updated_at = \(service.now)"
            )
            #expect(cached() == [before])
            // A third one has read what is lost before that, and is about to store it.
            if let lost {
                let lease = Command("SET", LookUpCache.leaseKey(lost.key(order.id)), "another's")
                for command in [Command("UNLINK", lost.key(order.id)), lease] {
                    _ = try service.services.cacheRedis.send(command, until: service.soon)
                }
            }
            switch part {
            case "history": #expect(history(5) == before + 1)
            case "bulk":
                let path = "/v1/orders/bulk/status"
                let told = service.send(.post, path, token: token, ["ids": [.integer(order.id)]])
                #expect(told["items", "0", "lastUpdated"].string == service.now.rfc3339)
            case "search":
                let found = service.send(.get, "/v1/admin/orders", token: token)
                #expect(found["items", "0", "version"].integer == before + 1)
            default: #expect(version(part) == before + 1)
            }
            if let lost {
                let lease = Command("EXISTS", LookUpCache.leaseKey(lost.key(order.id)))
                let reply = try service.services.cacheRedis.send(lease, until: service.soon)
                #expect(reply.integer == 0)
            }
            #expect(cached() == [before + 1])
        }
    }

    @Test("drop nothing that is as new, however often they are asked for just after a change")
    func keptAfterTheRecord() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            try service.drain()
            let paths = ["", "/items", "/payment", "/events", "/tracking"].map { order.path + $0 }
            for path in ["/v1/orders", "/v1/orders?size=5"] + paths + paths {
                #expect(service.send(.get, path, token: token).status == 200)
            }
            let keys = CacheName.ofOrders.map { $0.key(order.id) }
            let count = try service.services.cacheRedis.send(
                Command("EXISTS", keys: keys),
                until: service.soon
            )
            #expect(count.integer == 3)
            let pages = Command("HLEN", CacheName.orderHistory.key("1"))
            #expect(
                try service.services.cacheRedis.send(pages, until: service.soon).integer == 2
            )
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
}
