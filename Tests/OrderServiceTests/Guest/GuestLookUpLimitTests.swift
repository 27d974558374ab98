import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@Suite("Limits of look-ups", .enabled(if: ServiceUnderTest.isAvailable))
struct GuestLookUpLimitTests {
    /// What a look-up asks with: an order that is there, or one that is not.
    private func numbers(_ service: ServiceUnderTest) throws -> [String] {
        [service.number(of: try service.placedOrder()), "RO-0000-0000-0", "no number"]
    }

    @Test("hold for an order's number, alike for one that is not")
    func byNumber() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.lookUpLimits(order: 3)) { service in
            for number in try numbers(service) {
                for count in 0..<3 {
                    #expect(service.lookUp(number, "\(count)@example.ro").status == 202)
                }
                let refused = service.lookUp(number.lowercased(), "ana@example.ro")
                #expect(refused.status == 429 && refused.code == "rate_limited")
                #expect(refused.field("RateLimit-Limit") == "3")
                #expect(refused.field("RateLimit-Remaining") == "0")
                let wait = Int(refused.field("Retry-After") ?? "") ?? 0
                #expect((3_500...3_600).contains(wait))
            }
            #expect(try service.rowCounts()["guest_lookups"] == 9)
            let metrics = service.send(.get, "/metrics").text
            #expect(metrics.contains("orderd_guest_lookups_total 9\n"))
            let refusals = #"orderd_guest_lookup_refusals_total{limit="lookup_order_hour"} 3"#
            #expect(metrics.contains(refusals))
        }
    }

    @Test("hold for an e-mail address, however it is spelt, alike for a stranger's")
    func byEmail() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.lookUpLimits(email: 2)) { service in
            _ = try service.placedOrder()
            for email in ["ana@example.ro", "nobody@example.ro"] {
                #expect(service.lookUp("RO-1", email).status == 202)
                #expect(service.lookUp("RO-2", email.uppercased()).status == 202)
                let refused = service.lookUp("RO-3", " \(email)")
                #expect(refused.status == 429 && refused.field("RateLimit-Limit") == "2")
            }
        }
    }

    @Test("hold for the caller's address, an IPv6 one by its /64")
    func byAddress() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.lookUpLimits(address: 2)) { service in
            for network in ["192.0.2.7", "2001:db8:1:2:"] {
                for count in 0..<3 {
                    let isIPv6 = network.hasSuffix(":")
                    let answer = service.lookUp(
                        "RO-\(count)",
                        "\(network)\(count)@example.ro",
                        from: isIPv6 ? "\(network):\(count)" : network
                    )
                    #expect(answer.status == (count < 2 ? 202 : 429))
                }
            }
            #expect(service.lookUp("RO-9", "x@example.ro", from: "192.0.2.8").status == 202)
        }
    }

    @Test("count in all processes together, exactly, with a hundred at once")
    func processes() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.lookUpLimits(address: 1_000)) { service in
            let number = service.number(of: try service.placedOrder())
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let (application, lanes) = sibling.makeApplication()
            let answers = try (0..<100).map { count in
                Companion {
                    service.lookUp(
                        number,
                        "\(count)@example.ro",
                        to: count.isMultiple(of: 2) ? application : nil
                    ).status
                }
            }.map { try $0.join() }
            for group in lanes.all { _ = group.waitUntilIdle(until: service.soon) }
            #expect(answers.count { $0 == 202 } == 5 && answers.count { $0 == 429 } == 95)
        }
    }

    @Test("keep nobody's data in Redis")
    func keys() async throws {
        try await ServiceUnderTest.run(ServiceUnderTest.lookUpLimits()) { service in
            service.lookUp("RO-7Q4K-92MX-3", "ana@example.ro", from: "192.0.2.7")
            let keys = try service.lookUpKeys()
            // For a minute one of them says which question it has counted.
            #expect(keys.filter { !$0.contains(":by:") }.count == 3)
            for key in keys {
                let digest = key.dropFirst("guest:lookup:rate:".count).prefix { $0 != ":" }
                #expect(digest.count == 64 && digest.allSatisfy(\.isHexDigit))
            }
        }
    }

    @Test("hold while Redis is away, strictly, and look-ups are answered all the same")
    func withoutRedis() async throws {
        var limits = ServiceUnderTest.lookUpLimits()
        // The worker asks as well, and is not to meet an open breaker when Redis is back.
        limits["REDIS_STATE_POLICY"] = "minimumCalls=1000 window=1000calls"
        try await ServiceUnderTest.runWithPrivateRedis(limits) { service, redis in
            let order = try service.placedOrder()
            redis.stop()
            for number in [service.number(of: order), "RO-0000-0000-0"] {
                // Half of five, rounded up: another process admits as many.
                let statuses = (0..<5).map { service.lookUp(number, "\($0)@example.ro").status }
                #expect(statuses == [202, 202, 202, 429, 429])
            }
            let byEmail = (0..<4).map { service.lookUp("RO-\($0)").status }
            #expect(byEmail == [202, 202, 202, 429])
            try redis.start()
            try service.drain()
            #expect(try service.requestedLinks().isEmpty)
            #expect(service.lookUp(service.number(of: order)).status == 202)
            try service.drain()
            #expect(try service.requestedLinks().count == 1)
        }
    }
}
