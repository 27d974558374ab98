import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Bad input", .enabled(if: ServiceUnderTest.isAvailable))
struct BadInputTests {
    private static let create = "/v1/checkout/sessions"

    private static func body(_ items: String, email: String = "\"a@b.ro\"") -> String {
        "{\"email\":\(email),\"items\":\(items)}"
    }

    private static func quantity(_ text: String) -> String {
        body("[{\"sku\":\"CANA-ALBA\",\"quantity\":\(text)}]")
    }

    private static let good = "[{\"sku\":\"CANA-ALBA\",\"quantity\":1}]"

    @Test(
        "of a new session is named by its pointer, and writes nothing",
        arguments: [
            ("", 400, " syntax"), ("{", 400, " syntax"), ("nonsense", 400, " syntax"),
            ("{\"email\":\"a@b.ro\"} x", 400, " syntax"), ("\u{FEFF}{}", 400, " syntax"),
            ("{\"email\":1,\"email\":2}", 400, " syntax"),
            (String(repeating: "[", count: 5_000), 400, " syntax"),
            ("[]", 422, " type"), ("null", 422, " type"), ("\"x\"", 422, " type"),
            ("{}", 422, "/email required /items required"),
            ("{\"email\":null,\"items\":null}", 422, "/email required /items required"),
            (body("{}"), 422, "/items type"), (body("\"x\""), 422, "/items type"),
            (body("[]"), 422, "/items length"), (body("[1]"), 422, "/items/0 type"),
            (body("[{}]"), 422, "/items/0/sku required /items/0/quantity required"),
            (body("[{\"sku\":7,\"quantity\":1}]"), 422, "/items/0/sku type"),
            (body("[{\"sku\":\"\",\"quantity\":1}]"), 422, "/items/0/sku length"),
            (body("[{\"sku\":\"A\\u0000B\",\"quantity\":1}]"), 422, "/items/0/sku characters"),
            (
                body("[{\"sku\":\"\(String(repeating: "A", count: 65))\",\"quantity\":1}]"), 422,
                "/items/0/sku length"
            ),
            (body("[{\"sku\":\"NONE\",\"quantity\":1}]"), 422, "/items/0/sku unknown_sku"),
            (
                body("[{\"sku\":\"CANA-ALBA\",\"quantity\":1,\"price\":1}]"), 422,
                "/items/0/price unknown"
            ),
            (
                body(
                    "[{\"sku\":\"CANA-ALBA\",\"quantity\":1},{\"sku\":\"CANA-ALBA\",\"quantity\":2}]"
                ), 422, "/items/1/sku duplicate"
            ),
            (quantity("0"), 422, "/items/0/quantity range"),
            (quantity("1000"), 422, "/items/0/quantity range"),
            (quantity("-1"), 422, "/items/0/quantity range"),
            (quantity("1.5"), 422, "/items/0/quantity type"),
            (quantity("1e3"), 422, "/items/0/quantity range"),
            (quantity("\"1\""), 422, "/items/0/quantity type"),
            (quantity("true"), 422, "/items/0/quantity type"),
            (quantity("null"), 422, "/items/0/quantity required"),
            (quantity("[1]"), 422, "/items/0/quantity type"),
            (quantity("9223372036854775807"), 422, "/items/0/quantity range"),
            (quantity("9223372036854775808"), 400, " syntax"),
            (quantity("1e400"), 400, " syntax"), (quantity("NaN"), 400, " syntax"),
            (body(good, email: "7"), 422, "/email type"),
            (body(good, email: "\"\""), 422, "/email length"),
            (body(good, email: "\"ana\""), 422, "/email format"),
            (body(good, email: "\"ana@localhost\""), 422, "/email format"),
            (body(good, email: "\"a@b.ro\\u0000\""), 422, "/email characters"),
            (body(good, email: "\"a@b.ro\\nBcc: c@d.ro\""), 422, "/email characters"),
            (
                body(good, email: "\"\(String(repeating: "a", count: 255))@b.ro\""), 422,
                "/email length"
            ),
            (
                "{\"email\":\"a@b.ro\",\"items\":\(good),\"total\":1,\"userId\":\"2\"}", 422,
                "/total unknown /userId unknown"
            ),
        ]
    )
    func newSession(text: String, status: Int, faults: String) async throws {
        try await ServiceUnderTest.run { service in
            let before = try service.rowCounts()
            let answer = service.send(.post, Self.create, raw: Array(text.utf8))
            #expect(answer.status == status)
            #expect(answer.code == "invalid_request")
            #expect(answer.faults.joined(separator: " ") == faults)
            #expect(answer.field("Content-Type") == "application/problem+json")
            #expect(try service.rowCounts() == before)
        }
    }

    @Test("that is not UTF-8, or has a NUL byte, is a 400")
    func bytes() async throws {
        try await ServiceUnderTest.run { service in
            let before = try service.rowCounts()
            for bytes in [[0xFF], [0x7B, 0x00, 0x7D], [0x22, 0xC3, 0x28, 0x22], [0x00]] {
                let answer = service.send(.post, Self.create, raw: bytes.map { UInt8($0) })
                #expect(answer.status == 400 && answer.faults == [" syntax"])
            }
            #expect(try service.rowCounts() == before)
        }
    }

    @Test("of ten thousand lines is one fault, and asks nobody for prices")
    func manyLines() async throws {
        try await ServiceUnderTest.run { service in
            let line = "{\"sku\":\"CANA-ALBA\",\"quantity\":1}"
            let lines = Array(repeating: line, count: 10_000).joined(separator: ",")
            let before = try service.rowCounts()
            let answer = service.send(.post, Self.create, raw: Array(Self.body("[\(lines)]").utf8))
            #expect(answer.status == 422 && answer.faults == ["/items length"])
            #expect(service.standInRequests("GET", "/products") == 0)
            #expect(try service.rowCounts() == before)
        }
    }

    @Test(
        "of a change is named by its pointer, and changes nothing",
        arguments: [
            (#"{"contact":7}"#, "/contact type"),
            (#"{"contact":{"email":"x"}}"#, "/contact/email length"),
            (#"{"contact":{"email":"xyz"}}"#, "/contact/email format"),
            (#"{"contact":{"name":""}}"#, "/contact/name length"),
            (#"{"contact":{"name":"a\u0000"}}"#, "/contact/name characters"),
            (#"{"contact":{"phone":"123"}}"#, "/contact/phone length"),
            (#"{"contact":{"phone":"abcdefgh"}}"#, "/contact/phone format"),
            (#"{"contact":{"age":7}}"#, "/contact/age unknown"),
            (#"{"shipping":{"method":"dronă"}}"#, "/shipping/method value"),
            (
                #"{"shipping":{"address":{}}}"#,
                "/shipping/address/street required /shipping/address/city required "
                    + "/shipping/address/postalCode required /shipping/address/country required"
            ),
            (
                #"{"shipping":{"address":{"street":"S","city":"Cluj","county":"CJ","postalCode":"400114","country":"RO"}}}"#,
                "/shipping/address/county unknown_county"
            ),
            (
                #"{"shipping":{"address":{"street":"S","city":"Cluj","postalCode":"400114","country":"RO"}}}"#,
                "/shipping/address/county missing_county"
            ),
            (
                #"{"shipping":{"address":{"street":"S","city":"București","county":"RO-B","postalCode":"010101","country":"RO"}}}"#,
                "/shipping/address/city not_a_sector"
            ),
            (
                #"{"shipping":{"address":{"street":"S","city":"Cluj","county":"RO-CJ","postalCode":"4001","country":"RO"}}}"#,
                "/shipping/address/postalCode postal_code"
            ),
            (
                #"{"shipping":{"address":{"street":"S","city":"Wien","postalCode":"1010","country":"AT"}}}"#,
                "/shipping/address country"
            ),
            (
                #"{"shipping":{"address":{"street":"S","city":"Cluj","postalCode":"1","country":"Romania"}}}"#,
                "/shipping/address/country length"
            ),
            (#"{"billing":{"name":"A"}}"#, "/billing/address required"),
            (
                #"{"billing":{"name":"A","cui":"18547291","company":"B","address":{"street":"S","city":"C","county":"RO-CJ","postalCode":"400114","country":"RO"}}}"#,
                "/billing/cui check_digit"
            ),
            (
                #"{"billing":{"name":"A","cui":"18547290","address":{"street":"S","city":"C","county":"RO-CJ","postalCode":"400114","country":"RO"}}}"#,
                "/billing/company required"
            ),
            (
                #"{"billing":{"name":"A","company":"B","address":{"street":"S","city":"C","county":"RO-CJ","postalCode":"400114","country":"RO"}}}"#,
                "/billing/cui required"
            ),
            (
                #"{"billing":{"name":"\uD83F\uDFFE","address":{"street":"S","city":"C","county":"RO-CJ","postalCode":"400114","country":"RO"}}}"#,
                "/billing/name characters"
            ),
            (#"{"items":[]}"#, "/items length"),
            (#"{"items":[{"sku":"NONE","quantity":1}]}"#, "/items/0/sku unknown_sku"),
            (
                #"{"totals":{},"id":"x","version":7}"#,
                "/totals unknown /id unknown /version unknown"
            ),
        ]
    )
    func change(text: String, faults: String) async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let before = service.send(.get, checkout.path, token: checkout.token)
            let answer = service.send(
                .patch,
                checkout.path,
                token: checkout.token,
                raw: Array(text.utf8)
            )
            #expect(answer.status == 422)
            #expect(answer.faults.joined(separator: " ") == faults)
            let after = service.send(.get, checkout.path, token: checkout.token)
            #expect(after.response.body == before.response.body)
        }
    }

    @Test("cannot make a sum beyond 64 bits or beyond the database's columns")
    func largeSums() async throws {
        try await ServiceUnderTest.run { service in
            try service.sell("SCUMP", price: 99_999_999)
            let answer = service.send(
                .post,
                Self.create,
                ["email": "a@b.ro", "items": [ServiceUnderTest.item("SCUMP", 999)]]
            )
            #expect(answer.status == 201)
            #expect(answer["totals", "total", "amount"] == 99_899_999_001)
        }
    }

    @Test(
        "of another media type is a 415",
        arguments: [
            nil, "text/plain", "application/x-www-form-urlencoded", "application/jsonp",
            "application/merge-patch+json", "",
        ] as [String?]
    )
    func mediaTypes(type: String?) async throws {
        try await ServiceUnderTest.run { service in
            let before = try service.rowCounts()
            let answer = service.send(
                .post,
                Self.create,
                raw: Array(Self.body(Self.good).utf8),
                type: type
            )
            #expect(answer.status == 415 && answer.code == "unsupported_media_type")
            #expect(answer.field("Accept") == "application/json")
            #expect(try service.rowCounts() == before)
        }
    }

    @Test("of method or path is a 405 with Allow, or a 404")
    func methodsAndPaths() async throws {
        try await ServiceUnderTest.run { service in
            for (method, path, allow) in [
                (Method.get, Self.create, "OPTIONS, POST"), (.put, Self.create, "OPTIONS, POST"),
                (.post, "\(Self.create)/x", "DELETE, GET, HEAD, OPTIONS, PATCH"),
                (.delete, "/v1/orders/1", "GET, HEAD, OPTIONS"),
                (.get, "/v1/webhooks/stripe", "OPTIONS, POST"),
                (.other, "/v1/orders", "GET, HEAD, OPTIONS"),
            ] {
                let answer = service.send(method, path)
                #expect(answer.status == 405 && answer.code == "method_not_allowed")
                #expect(answer.field("Allow") == allow)
                let options = service.send(.options, path)
                #expect(options.status == 204 && options.field("Allow") == allow)
            }
            for path in ["/", "/v1", "/v1/orders/", "/v1//orders", "/v1/orders/1/x", "/V1/orders"] {
                let answer = service.send(.get, path)
                #expect(answer.status == 404 && answer.code == "not_found")
            }
        }
    }

    @Test(
        "of an order's id or a page is refused",
        arguments: [
            "/v1/orders/0", "/v1/orders/-1", "/v1/orders/01", "/v1/orders/1.0", "/v1/orders/x",
            "/v1/orders/9223372036854775808", "/v1/orders/1%20", "/v1/orders/1/payment'",
        ]
    )
    func ids(path: String) async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("a", .admin)
            #expect(service.send(.get, path, token: admin).status == 404)
        }
    }

    @Test("in a path that is not ASCII names nothing there is")
    func foreignLetters() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.session("a", .admin)
            for (method, path) in [
                (Web.Method.post, "/v1/admin/refunds/é/resolve"),
                (.get, "/v1/orders/bulk/cancel/é"), (.get, "/v1/users/é/orders"),
            ] {
                let body: JSON? =
                    method == .post ? ["outcome": "failed", "evidence": "none"] : nil
                #expect(service.send(method, path, token: admin, body).status == 404)
            }
            #expect(service.send(.get, "/v1/checkout/sessions/é").status == 401)
        }
    }

    @Test(
        "of paging is named",
        arguments: [
            ("page=-1", "?page range"), ("page=x", "?page range"), ("page=1.5", "?page range"),
            ("page=1000001", "?page range"), ("size=0", "?size range"), ("size=101", "?size range"),
            ("size=", "?size range"), ("page=9223372036854775808", "?page range"),
        ]
    )
    func pages(query: String, fault: String) async throws {
        try await ServiceUnderTest.run { service in
            let customer = try service.session("1", .customer)
            let answer = service.send(.get, "/v1/orders?\(query)", token: customer)
            #expect(answer.status == 400 && answer.faults == [fault])
        }
    }

    @Test("never shows in the answer what went wrong inside")
    func hidesCauses() async throws {
        try await ServiceUnderTest.run(["MARIADB_POOL_WAIT": "1s"]) { service in
            let customer = try service.session("1", .customer)
            try service.execute("RENAME TABLE orders TO orders_away")
            defer { try? service.execute("RENAME TABLE orders_away TO orders") }
            let answer = service.send(.get, "/v1/orders/1", token: customer)
            #expect(answer.status == 500 && answer.code == "internal")
            #expect(!answer.text.lowercased().contains("table"))
            #expect(answer["requestId"].string == answer.field("X-Request-Id"))
        }
    }
}
