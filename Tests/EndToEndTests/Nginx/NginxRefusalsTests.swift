import Foundation
import OrderServiceTesting
import Synchronization
import Testing
import Web

@Suite("What nginx keeps from the program", .serialized, .enabled(if: TestNginx.binary != nil))
struct NginxRefusalsTests {
    private static let closed = [
        "/metrics", "/v1/admin/audit", "/v1/admin/orders/1/refunds", "/v1/admin/", "/v1/admin",
    ]

    @Test("are the routes of operators, for everybody else")
    func closedRoutes() async throws {
        try await onOwnThread {
            let application = Echo()
            let nginx = try ShippedNginx(
                ["NGINX_OPERATORS": "203.0.113.0/24 2001:db8:5::/48"],
                include: ShippedNginx.realAddresses(),
                before: [application]
            )
            for path in Self.closed {
                for operators in ["203.0.113.9", "2001:db8:5::1"] {
                    #expect(try nginx.send(.get(path).from(operators)).status == 200)
                }
            }
            let before = application.answered.load(ordering: .relaxed)
            for path in Self.closed {
                for others in ["198.51.100.1", "127.0.0.1", "2001:db8:6::1"] {
                    let answer = try nginx.send(.get(path).from(others))
                    #expect(answer.status == 404 && answer.json?["code"] == "not_found")
                }
            }
            #expect(application.answered.load(ordering: .relaxed) == before)
        }
    }

    @Test("are the same by default for all but this machine")
    func closedByDefault() async throws {
        try await onOwnThread {
            let nginx = try ShippedNginx(include: ShippedNginx.realAddresses(), before: [Echo()])
            for path in Self.closed {
                #expect(try nginx.send(.get(path)).status == 200)
                #expect(try nginx.send(.get(path).from("198.51.100.1")).status == 404)
            }
        }
    }

    @Test("are paths of another spelling, all in the same way")
    func unclearPaths() async throws {
        try await onOwnThread {
            let application = Echo()
            let nginx = try ShippedNginx(before: [application])
            for path in [
                "//", "//v1/orders", "/v1//orders", "/v1/orders//", "/v1/./orders", "/v1/orders/.",
                "/v1/../metrics", "/v1/orders/..", "/../v1/orders", "/v1/orders;a=b", "/v1;/orders",
                "/v1%2forders", "/v1%2Forders", "/v1/%2e%2e/metrics", "/v1/.%2E/metrics",
                "/v1%5corders", "/v1\\orders", "/v1/orders%3bx", "/v1/orders%252f1",
                "/v1/orders%00",
                "/events/../openapi.yaml", "/v1/admin/..%2f..%2fmetrics", "/v1/x/../admin/audit",
            ] {
                let answer = try nginx.send(.get(path))
                #expect(answer.status == 400 && answer.json?["code"] == "invalid_request")
                #expect(answer.json?["detail"]?.string?.contains("empty or a dot segment") == true)
            }
            #expect(application.answered.load(ordering: .relaxed) == 0)
            // A query may have all of that, and a segment may have dots.
            for path in ["/v1/orders?next=//a/../b;c%2f", "/v1/users/a..b:c@d/orders", "/.hidden"] {
                #expect(try nginx.send(.get(path)).status == 200)
            }
        }
    }

    @Test("are not the headers that protect a browser, whoever answers")
    func securityHeaders() async throws {
        try await onOwnThread {
            let nginx = try ShippedNginx(before: [Echo()])
            let absent = try ShippedNginx(before: [])
            let outside = try ShippedNginx(["NGINX_OPERATORS": "203.0.113.1"], before: [Echo()])
            let large = HTTPCall("POST", "/v1/x", body: [UInt8](repeating: 32, count: 1_048_577))
            let answers: [(Int, HTTPAnswer)] = [
                (200, try nginx.send(.get("/v1/orders"))),
                (200, try nginx.send(.get("/openapi.yaml"))),
                (200, try nginx.send(.get("/events/envelope.v1.json"))),
                (400, try nginx.send(.get("/v1//orders"))),
                (404, try nginx.send(.get("/events/nothing.json"))),
                (404, try outside.send(.get("/metrics"))),
                (405, try nginx.send(HTTPCall("POST", "/openapi.yaml"))),
                (413, try nginx.send(large)),
                (503, try absent.send(.get("/v1/orders"))),
            ]
            for (status, answer) in answers {
                #expect(answer.status == status)
                #expect(answer.field("X-Content-Type-Options") == "nosniff")
                #expect(answer.field("X-Frame-Options") == "DENY")
                #expect(answer.field("Referrer-Policy") == "no-referrer")
                let policy = answer.field("Content-Security-Policy")
                #expect(policy == "default-src 'none'; frame-ancestors 'none'")
                #expect(answer.field("Strict-Transport-Security") == nil)
                #expect(answer.field("Server") == "nginx")
                #expect(answer.fields.count { $0.name.lowercased() == "x-frame-options" } == 1)
            }
        }
    }

    /// Answers a page that says what it needs.
    private final class Page: Application {
        static let policy = "default-src 'none'; style-src 'sha256-x='"

        func start(_ request: Request) -> Step {
            .answer(Response(.ok, fields: [.init("Content-Security-Policy", Self.policy)]))
        }
    }

    @Test("are not the program's own policy: it stands alone, as a browser obeys each")
    func ownPolicy() async throws {
        try await onOwnThread {
            let nginx = try ShippedNginx(before: [Page()])
            let answer = try nginx.send(.get("/v1/admin/invoices/inv_1/print"))
            let policies = answer.fields.filter {
                $0.name.lowercased() == "content-security-policy"
            }
            #expect(policies.map(\.value) == [Page.policy])
            #expect(answer.field("X-Frame-Options") == "DENY")
        }
    }
}
