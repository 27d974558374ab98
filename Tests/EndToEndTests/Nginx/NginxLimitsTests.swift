import Foundation
import OrderServiceTesting
import Synchronization
import Testing
import Web

@Suite("nginx' limits", .serialized, .enabled(if: TestNginx.binary != nil))
struct NginxLimitsTests {
    @Test("hold for each address by itself, for writes sooner, and not for the webhook")
    func requests() async throws {
        try await onOwnThread {
            let settings = [
                "NGINX_REQUEST_RATE": "1", "NGINX_REQUEST_BURST": "20",
                "NGINX_WRITE_RATE": "1", "NGINX_WRITE_BURST": "5",
            ]
            let application = Echo()
            let nginx = try ShippedNginx(
                settings,
                include: ShippedNginx.realAddresses(),
                before: [application]
            )
            func statuses(_ call: HTTPCall) throws -> [Int] {
                try (0..<40).map { _ in try nginx.send(call).status }
            }
            let reader = HTTPCall.get("/v1/orders").from("198.51.100.1")
            let reads = try statuses(reader)
            // One and the burst; a little more where the forty take their time.
            #expect(reads.prefix(21).allSatisfy { $0 == 200 })
            #expect(reads.count { $0 == 429 } > 10 && reads.allSatisfy { [200, 429].contains($0) })
            let refused = try nginx.send(reader)
            #expect(refused.status == 429 && refused.field("Retry-After") == "1")
            #expect(refused.field("Content-Type") == "application/problem+json")
            #expect(refused.json?["code"] == "rate_limited")
            #expect(refused.field("X-Frame-Options") == "DENY")
            #expect(refused.json?["requestId"]?.string == refused.field("X-Request-Id"))
            #expect(try nginx.send(.get("/v1/orders").from("198.51.100.2")).status == 200)

            let writes = try statuses(
                .json("POST", "/v1/orders/1/cancel", [:]).from("198.51.100.3")
            )
            #expect(writes.prefix(6).allSatisfy { $0 == 200 })
            #expect(writes.count { $0 == 429 } > 25)
            let deliveries = try statuses(
                .json("POST", "/v1/webhooks/stripe", [:]).from("198.51.100.3")
            )
            #expect(deliveries.allSatisfy { $0 == 200 })
        }
    }

    @Test("hold for what is answered at once for one address")
    func connections() async throws {
        try await onOwnThread {
            let application = Echo()
            let nginx = try ShippedNginx(
                ["NGINX_CONNECTIONS": "3"],
                include: ShippedNginx.realAddresses(),
                before: [application]
            )
            let call = HTTPCall.get("/hold").from("198.51.100.1")
            let load = Load(clients: 3, port: nginx.port, limit: 3) { client in
                _ = try client.connection.send(call)
            }
            try #require(eventually { application.heldCount == 3 })
            #expect(try nginx.send(.get("/v1/orders").from("198.51.100.1")).status == 429)
            #expect(try nginx.send(.get("/v1/orders").from("198.51.100.2")).status == 200)
            let delivery = HTTPCall.json("POST", "/v1/webhooks/stripe", [:]).from("198.51.100.1")
            #expect(try nginx.send(delivery).status == 200)
            application.release()
            #expect(try load.join().answered == 3)
            #expect(try nginx.send(.get("/v1/orders").from("198.51.100.1")).status == 200)
        }
    }

    @Test("hold for bodies and headers; a body of ordinary size never lies on the disk")
    func sizes() async throws {
        try await onOwnThread {
            let application = Echo()
            let nginx = try ShippedNginx(before: [application])
            func post(_ count: Int) throws -> HTTPAnswer {
                let body = [UInt8](repeating: 32, count: count)
                return try nginx.send(HTTPCall("POST", "/v1/orders/1/cancel", body: body))
            }
            #expect(try post(100_000).text == "echo 127.0.0.1 http 100000")
            #expect(!nginx.log.contains("buffered to a temporary file"))
            #expect(try post(1_048_576).text == "echo 127.0.0.1 http 1048576")
            #expect(nginx.log.contains("buffered to a temporary file"))
            let before = application.answered.load(ordering: .relaxed)
            let large = try post(1_048_577)
            #expect(large.status == 413 && large.json?["code"] == "body_too_large")
            let header = String(repeating: "a", count: 9_000)
            let long = try nginx.send(.get("/v1/orders").with("X-Long", header))
            #expect(long.status == 400 && long.json?["code"] == "invalid_request")
            #expect(application.answered.load(ordering: .relaxed) == before)
        }
    }
}
