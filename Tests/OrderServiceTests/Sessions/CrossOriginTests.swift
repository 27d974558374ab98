import OrderService
import OrderServiceHarness
import Testing
import Web

@Suite("Scripts of other origins", .enabled(if: ServiceUnderTest.isAvailable))
struct CrossOriginTests {
    private static let shop = "https://www.shop.ro"
    private static let settings = ["CORS_ORIGINS": "https://m.shop.ro,\(shop)"]

    private static func preflight(
        _ service: ServiceUnderTest,
        _ path: String,
        from origin: String,
        for method: String = "POST"
    ) -> TestAnswer {
        service.send(
            .options,
            path,
            headers: [
                ("Origin", origin), ("Access-Control-Request-Method", method),
                ("Access-Control-Request-Headers", "authorization, idempotency-key"),
            ]
        )
    }

    @Test("learn from a preflight what a path's methods are")
    func preflights() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            for (path, methods) in [
                ("/v1/orders", "GET, HEAD, OPTIONS"),
                ("/v1/sessions", "DELETE, GET, HEAD, OPTIONS, POST"),
                ("/v1/checkout/sessions/x", "DELETE, GET, HEAD, OPTIONS, PATCH"),
                ("/v1/orders/7/payments", "OPTIONS, POST"),
            ] {
                let answer = Self.preflight(service, path, from: Self.shop)
                #expect(answer.status == 204)
                #expect(answer.field("Access-Control-Allow-Methods") == methods)
                #expect(answer.field("Access-Control-Allow-Origin") == Self.shop)
                #expect(answer.field("Access-Control-Allow-Credentials") == "true")
                #expect(answer.field("Vary") == "Origin")
                #expect(answer.field("Access-Control-Max-Age") == "600")
                let headers = answer.field("Access-Control-Allow-Headers") ?? ""
                for name in ["Authorization", "Idempotency-Key", "X-CSRF-Token", "If-Match"] {
                    #expect(headers.contains(name))
                }
            }
        }
    }

    @Test("are told of no methods where there is nothing")
    func unknownPath() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            for path in ["/", "/v1/nothing", "/v1/orders/"] {
                let answer = Self.preflight(service, path, from: Self.shop)
                #expect(answer.status == 404 && answer.code == "not_found")
                #expect(answer.field("Access-Control-Allow-Methods") == nil)
                #expect(answer.field("Access-Control-Allow-Headers") == nil)
                #expect(answer.field("Vary") == "Origin")
            }
        }
    }

    @Test("of an origin that is not named are told nothing")
    func foreign() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            for origin in ["https://evil.ro", "null", "http://www.shop.ro", "\(Self.shop).evil.ro"]
            {
                for answer in [
                    Self.preflight(service, "/v1/orders", from: origin),
                    service.send(.get, "/v1/orders", headers: [("Origin", origin)]),
                ] {
                    let names = answer.response.fields.map { "\($0.name)" }
                    #expect(!names.contains { $0.hasPrefix("Access-Control") })
                    #expect(answer.field("Vary") == "Origin")
                }
            }
        }
    }

    @Test("see an answer and its fields, problems too")
    func answers() async throws {
        try await ServiceUnderTest.run(Self.settings) { service in
            let token = try service.session("1", .customer)
            for shown in [token, "st_wrong"] {
                let origin = (name: "Origin", value: Self.shop)
                let answer = service.send(.get, "/v1/orders", token: shown, headers: [origin])
                #expect(answer.status == (shown == token ? 200 : 401))
                #expect(answer.field("Access-Control-Allow-Origin") == Self.shop)
                #expect(answer.field("Access-Control-Allow-Credentials") == "true")
                let exposed = answer.field("Access-Control-Expose-Headers") ?? ""
                #expect(exposed.contains("ETag") && exposed.contains("X-Request-Id"))
                let varying = answer.response.fields.filter { "\($0.name)" == "Vary" }
                #expect(varying.map(\.value) == ["Origin"])
            }
        }
    }

    @Test("change nothing where the setting is off")
    func off() async throws {
        try await ServiceUnderTest.run { service in
            let answer = Self.preflight(service, "/v1/orders", from: Self.shop)
            #expect(answer.status == 204 && answer.field("Allow") == "GET, HEAD, OPTIONS")
            let names = answer.response.fields.map { "\($0.name)" }
            #expect(!names.contains { $0.hasPrefix("Access-Control") || $0 == "Vary" })
        }
    }
}
