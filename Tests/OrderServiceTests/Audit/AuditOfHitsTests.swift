import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite(
    "The record of what staff see out of the cache, without a lane",
    .enabled(if: ServiceUnderTest.isAvailable)
)
struct AuditOfHitsTests {
    @Test("comes before a cached invoice, and before a session that ends meanwhile")
    func cachedInvoice() async throws {
        try await ServiceUnderTest.run { service in
            let customer = try service.session("1001", .customer)
            let order = try service.placedOrder(customer: "1001", token: customer)
            let path = try service.addInvoice(of: order.id).path
            let tokens = try (0..<2).map { try service.session("finance-\($0)", .finance) }
            for token in tokens {
                #expect(service.send(.get, path, token: token).status == 200)
            }
            #expect(service.send(.get, path, token: customer).status == 403)
            #expect(service.send(.get, path).status == 401)
            try service.execute("RENAME TABLE audit_records TO audit_away")
            let look = service.send(.get, path, token: tokens[0])
            #expect(look.status == 503 && look.code == "dependency_unavailable")
            try service.execute("RENAME TABLE audit_away TO audit_records")
            #expect(service.send(.get, path, token: tokens[0]).status == 200)
            // The second look waits for its record until its session has ended.
            try service.services.database.withConnection(until: service.soon) { connection in
                let look = try lookWaiting(service, path, tokens[1], for: &connection)
                try connection.execute("UNLOCK TABLES", until: service.soon)
                #expect(try look.join().status == 401)
            }
            let all = try service.auditRecords().map(\.entry)
            #expect(all.map(\.actor) == ["finance-0", "finance-1", "finance-0", "finance-1"])
            #expect(all.allSatisfy { $0.orderID == order.id && $0.userID == "1001" })
        }
    }

    /// Looks at what is cached while nobody can write records, and ends the session meanwhile.
    private func lookWaiting(
        _ service: ServiceUnderTest,
        _ path: String,
        _ token: String,
        for connection: inout Connection
    ) throws -> Companion<TestAnswer> {
        try connection.execute("LOCK TABLES audit_records READ", until: service.soon)
        let look = Companion { service.send(.get, path, token: token) }
        let isWaiting = try eventually { try !Self.waiting(service).isEmpty }
        #expect(isWaiting)
        #expect(service.send(.delete, "/v1/sessions/current", token: token).status == 204)
        return look
    }

    @Test("is not waited for a second time by who has the answer already") func onceOnly()
        async throws
    {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let path = "/v1/orders/\(order.id)"
            let token = try service.session("support-1", .support)
            #expect(service.send(.get, path, token: token).status == 200)
            try service.services.database.withConnection(until: service.soon) { connection in
                let look = try lookWaiting(service, path, token, for: &connection)
                // A lane, which asks again for everything, would find that the session has ended.
                #expect(try look.join().status == 503)
            }
            let metrics = service.send(.get, "/metrics").text
            #expect(metrics.contains("orderd_audit_failures_total 1\n"))
            #expect(metrics.contains("orderd_audit_records_total 1\n"))
        }
    }

    @Test("is tried once more where somebody has ended its connection")
    func killed() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let path = "/v1/orders/\(order.id)"
            let token = try service.session("support-1", .support)
            #expect(service.send(.get, path, token: token).status == 200)
            try service.services.database.withConnection(until: service.soon) { connection in
                try connection.execute("LOCK TABLES audit_records READ", until: service.soon)
                let look = Companion { service.send(.get, path, token: token) }
                let isKilled = try eventually {
                    guard let id = try Self.waiting(service).first else { return false }
                    try service.execute(SQL(stringLiteral: "KILL \(id)"))
                    return true
                }
                #expect(isKilled)
                try connection.execute("UNLOCK TABLES", until: service.soon)
                #expect(try look.join().status == 200)
            }
            #expect(try service.auditRecords().count == 2)
        }
    }

    /// The connections that wait for a table that is locked.
    private static func waiting(_ service: ServiceUnderTest) throws -> [Int64] {
        try service.query(
            """
            SELECT id FROM information_schema.processlist
            WHERE db = DATABASE() AND state = 'Waiting for table metadata lock'
            """
        ).map { try $0.int64("id") }
    }

    @Test("has each of many looks at once, before it is answered") func atOnce() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let token = try service.session("support-1", .support)
            let companions = (0..<8).map { thread in
                Companion {
                    for number in 0..<20 {
                        let name = "look-\(thread)-\(number)"
                        let answer = service.send(
                            .get,
                            "/v1/orders/\(order.id)",
                            token: token,
                            headers: [("X-Request-Id", name)]
                        )
                        #expect(answer.status == 200)
                        let isOnRecord = try service.services.audit.store.records(
                            ofOrder: order.id,
                            by: "support-1",
                            before: 0,
                            limit: 200,
                            until: service.soon
                        ).contains { $0.entry.requestID == name }
                        #expect(isOnRecord)
                    }
                }
            }
            for companion in companions { try companion.join() }
            let metrics = service.send(.get, "/metrics").text
            #expect(metrics.contains("orderd_audit_records_total 160\n"))
        }
    }
}
