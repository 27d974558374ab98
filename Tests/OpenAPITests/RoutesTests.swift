import OrderService
import Testing

@Suite("The OpenAPI document's operations") struct RoutesTests {
    @Test("are the routes of the code, no more and no fewer")
    func areTheRoutes() throws {
        let documented = try OpenAPIDocument().operations
        let routes = try Services(settings: Self.settings()).routes
            .map { "\($0.method) \($0.pattern)" }
        #expect(Set(routes).subtracting(documented) == [], "not in the document")
        #expect(Set(documented).subtracting(routes) == [], "not in the code")
        #expect(documented.count == routes.count)
    }

    @Test("may be used by whom the code lets use them")
    func areForTheSame() throws {
        let documented = try OpenAPIDocument().accesses
        for route in try Services(settings: Self.settings()).routes {
            let name = "\(route.method) \(route.pattern)"
            #expect(documented[name] == route.access, "\(name)")
        }
    }

    /// What has no default; nothing is connected to.
    private static func settings() throws -> Settings {
        try Settings.load(environment: [
            "MARIADB_SOCKET": "/nowhere/mariadb.sock",
            "STRIPE_SECRET_KEY": "sk_test_123",
            "STRIPE_WEBHOOK_SECRET": "whsec_1",
            "USER_SERVICE_URL": "http://127.0.0.1:1",
            "PRODUCT_SERVICE_URL": "http://127.0.0.1:1",
            "SEALING_KEY": String(repeating: "0f", count: 32),
            "SELLER_NAME": "Magazin Exemplu SRL",
            "SELLER_CUI": "RO90123459",
            "SELLER_STREET": "Strada Exemplului nr. 10",
            "SELLER_CITY": "Cluj-Napoca",
            "SELLER_COUNTY": "RO-CJ",
            "SELLER_POSTAL_CODE": "400001",
        ])
    }
}
