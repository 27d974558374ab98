import OrderService
import OrderServiceHarness
import Testing
import Web

@Suite("Credentials of another form", .enabled(if: ServiceUnderTest.isAvailable))
struct CredentialFormTests {
    private typealias Fields = [(name: String, value: String)]

    /// A request as nginx passes it on over TLS.
    private static func overTLS(
        _ method: Method,
        _ target: String,
        _ headers: Fields
    ) throws -> Request {
        let pairs =
            [
                (name: "REQUEST_METHOD", value: method.rawValue),
                (name: "REQUEST_URI", value: target), (name: "REMOTE_ADDR", value: "127.0.0.1"),
                (name: "HTTPS", value: "on"),
            ]
            + headers.map { header in
                let name = header.name.uppercased().replacing("-", with: "_")
                return (name: "HTTP_" + name, value: header.value)
            }
        return Request(parameters: try #require(Parameters(pairs: Parameters.encoded(pairs))))
    }

    /// What a token may be turned into: each is refused, and like every other.
    private static func forgeries(_ token: String) -> [String] {
        let (prefix, rest) = (String(token.prefix(3)), String(token.dropFirst(3)))
        let swapped = rest.map { $0.isUppercase ? $0.lowercased() : $0.uppercased() }.joined()
        return [
            prefix + swapped, prefix.uppercased() + rest, String(token.dropLast()),
            token + "A", token + "=", token + " ", " " + token, token + "\0", token + "\r\n",
            "\0" + token.dropFirst(), token.dropLast() + "\0", token.dropLast() + "\n",
            "xx_" + rest, rest, "", prefix, token + "," + token, "\"\(token)\"",
            prefix + String(repeating: "A", count: 43),
            prefix + String(repeating: "A", count: 8_000),
            prefix + String(repeating: "é", count: 21) + "A",
        ]
    }

    @Test("are refused alike, as a bearer token and as a cookie")
    func forged() async throws {
        try await ServiceUnderTest.run { service in
            let session = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: session)
            let guest = try service.placedOrder()
            for (token, path) in [(session, order.path), (guest.token, guest.path)] {
                #expect(service.send(.get, path, token: token).status == 200)
                for forged in Self.forgeries(token) {
                    let headers = [
                        ("Authorization", "Bearer \(forged)"), ("Cookie", "session=\(forged)"),
                    ]
                    for header in headers {
                        let answer = service.send(.get, path, headers: [header])
                        #expect(answer.status == 401 && answer.code == "unauthenticated")
                        #expect(answer.field("WWW-Authenticate") == "Bearer")
                        #expect(!answer.text.contains(token))
                    }
                }
                #expect(service.send(.get, path, token: token).status == 200)
            }
        }
    }

    @Test("in the scheme are refused, but for the case of its letters")
    func schemes() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            func status(_ header: String) -> Int {
                service.send(.get, "/v1/orders", headers: [("Authorization", header)]).status
            }
            #expect(status("BEARER \(token)") == 200 && status("bearer \(token)") == 200)
            for wrong in [
                "Bearer\0\(token)", "Bearer\t\(token)", "Bearer  \(token)", "\(token)",
                "Bearer=\(token)", "Bearer", "Basic \(token)", "Bearer \(token), Bearer \(token)",
                "Bearer \(token)\r\nX-A: b",
            ] {
                #expect(status(wrong) == 401)
            }
        }
    }

    @Test("that come twice are refused, whichever of the two would do")
    func repeated() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: token)
            let unknown = "st_" + String(repeating: "A", count: 43)
            let bearer = ("Authorization", "Bearer \(token)")
            let cookie = ("Cookie", "session=\(token)")
            let cases: [Fields] = [
                [bearer, bearer], [bearer, ("Authorization", "Bearer \(unknown)")],
                [("Authorization", "Bearer \(unknown)"), bearer], [bearer, cookie],
                [cookie, cookie], [cookie, ("Cookie", "a=b")], [("Cookie", "a=b"), cookie],
                [("Cookie", "session=\(token); session=\(token)")],
                [("Cookie", "session=\(unknown); session=\(token)")],
                [("Cookie", "session=\(token); __Host-session=\(token)")],
                [("Cookie", "__Host-session=\(token)")],
                [bearer, ("Cookie", "__Host-session=\(token)")],
                [bearer, ("Cookie", "a=b"), ("Cookie", "c=d")],
            ]
            // Both are in the cache: the fast path refuses them, too.
            #expect(service.send(.get, order.path, token: token).status == 200)
            for fields in cases {
                for path in [order.path, "/v1/orders"] {
                    let answer = service.send(.get, path, headers: fields)
                    #expect(answer.status == 401 && answer.code == "unauthenticated")
                }
            }
            let open = service.send(.post, "/v1/checkout/sessions", headers: cases[0], [:])
            #expect(open.status == 401)
            // Other cookies beside a token are nobody's matter.
            let other = service.send(.get, order.path, token: token, headers: [("Cookie", "a=b")])
            #expect(other.status == 200)
        }
    }

    @Test("over TLS are the cookie by its plain name, and another one beside it")
    func overTLS() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            func status(_ cookie: String) throws -> Int {
                let request = try Self.overTLS(.get, "/v1/orders", [("Cookie", cookie)])
                return service.application.respond(to: request).status.rawValue
            }
            #expect(try status("__Host-session=\(token)") == 200)
            for wrong in [
                "session=\(token)", "__Host-session=\(token); session=x",
                "session=\(token); __Host-session=\(token)",
                "__Host-session=\(token); __Host-session=\(token)", "__host-session=\(token)",
                "__Host-session=",
            ] {
                #expect(try status(wrong) == 401)
            }
            let fields = [(name: "Authorization", value: "Bearer \(token)")]
            let request = try Self.overTLS(.post, "/v1/sessions/cookie", fields)
            let made = TestAnswer(response: service.application.respond(to: request))
            let cookie = made.field("Set-Cookie") ?? ""
            #expect(cookie.hasPrefix("__Host-session=\(token); Path=/; Max-Age="))
            #expect(cookie.hasSuffix("; HttpOnly; SameSite=Strict; Secure"))
        }
    }

    @Test("leave no cookie behind that keeps a browser from signing in again")
    func staleCookies() async throws {
        try await ServiceUnderTest.run { service in
            let old = try service.session("1", .customer)
            let expired = try service.session("1", .customer, seconds: 60)
            #expect(service.send(.delete, "/v1/sessions/current", token: old).status == 204)
            service.advance(by: .seconds(61))
            for stale in [old, expired, "st_x", ""] {
                let cookie = (name: "Cookie", value: "a=b; session=\(stale)")
                let answer = service.send(.get, "/v1/sessions/current", headers: [cookie])
                #expect(answer.status == 401)
                #expect(
                    answer.field("Set-Cookie")?.hasPrefix("session=; Path=/; Max-Age=0") == true
                )
            }
            let token = try service.session("1", .customer)
            let cookie = (name: "Cookie", value: "session=\(token)")
            let others: [Fields] = [
                [cookie, ("Authorization", "Bearer \(token)")], [cookie, cookie],
                [("Cookie", "session=\(token); session=\(token)")], [("Cookie", "a=b")], [],
            ]
            for fields in others {
                let answer = service.send(.get, "/v1/sessions/current", headers: fields)
                #expect(answer.status == 401 && answer.field("Set-Cookie") == nil)
            }
            let forbidden = service.send(.delete, "/v1/sessions", headers: [cookie])
            #expect(forbidden.status == 403 && forbidden.field("Set-Cookie") == nil)
        }
    }

    @Test("of a write by cookie come from a page that may write")
    func origins() async throws {
        try await ServiceUnderTest.run(["CORS_ORIGINS": "https://www.shop.ro"]) { service in
            let token = try service.session("1", .customer)
            let cookie = (name: "Cookie", value: "session=\(token)")
            let host = (name: "Host", value: "api.shop.ro")
            let csrf =
                service.send(.get, "/v1/sessions/current", headers: [cookie])["csrfToken"].string
                ?? "?"
            func write(_ more: Fields) -> TestAnswer {
                let path = "/v1/sessions/ses_AAAAAAAAAAAAAAAAAAAAAA"
                let all = [cookie, host, ("X-CSRF-Token", csrf)] + more
                return service.send(.delete, path, headers: all)
            }
            for own: Fields in [
                [], [("Origin", "https://api.shop.ro")], [("Origin", "http://api.shop.ro")],
                [("Origin", "https://www.shop.ro"), ("Sec-Fetch-Site", "same-site")],
                [("Sec-Fetch-Site", "same-origin")],
            ] {
                #expect(write(own).status == 404)
            }
            for foreign: Fields in [
                [("Origin", "https://evil.ro")], [("Origin", "null")],
                [("Origin", "https://api.shop.ro.evil.ro")],
                [("Origin", "https://api.shop.ro:8443")],
                [("Sec-Fetch-Site", "cross-site")], [("X-CSRF-Token", csrf)],
            ] {
                let answer = write(foreign)
                #expect(answer.status == 403 && answer.code == "csrf_failed")
            }
            // A bearer token is no cookie: nobody's browser adds it by itself.
            let bearer = service.send(
                .delete,
                "/v1/sessions/current",
                token: token,
                headers: [("Origin", "https://evil.ro")]
            )
            #expect(bearer.status == 204)
        }
    }
}
