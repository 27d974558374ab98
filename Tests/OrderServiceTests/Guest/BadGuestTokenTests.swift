import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@Suite("Guests' tokens that are none", .enabled(if: ServiceUnderTest.isAvailable))
struct BadGuestTokenTests {
    /// What a token can be turned into, by name.
    private static func variants(of token: String) -> [(name: String, text: String)] {
        let body = String(token.dropFirst(3))
        let forged = "gt_" + String(body.reversed())
        let swapped = body.map { $0.isUppercase ? $0.lowercased() : $0.uppercased() }.joined()
        return [
            ("forged", forged), ("truncated", String(token.dropLast())),
            ("over-long", token + "A"),
            ("much too long", token + String(repeating: "A", count: 4_000)),
            ("case-changed", "gt_" + swapped), ("capital prefix", "GT_" + body),
            ("unknown prefix", "gx_" + body), ("another kind's prefix", "st_" + body),
            ("a checkout's prefix", "cs_" + body), ("without prefix", body), ("empty", ""),
            ("padded", "gt_" + body.dropLast() + "="), ("quoted", "\"\(token)\""),
            ("two", "\(token), \(token)"), ("with a line's end", "\(token)\r\nX-A: b"),
            ("with a NUL", "\(token)\u{0}"), ("in Unicode", "gt_\u{FF21}" + body.dropFirst()),
        ]
    }

    @Test("are refused alike, with nothing learnt, whether or not the real one is in a cache")
    func refused() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            for isCached in [false, true] {
                if isCached {
                    #expect(service.send(.get, order.path, token: order.token).status == 200)
                }
                for (name, text) in Self.variants(of: order.token) {
                    for (method, path) in [
                        (Method.get, order.path), (.get, "/v1/guest/order"),
                        (.post, "/v1/guest/token/rotate"), (.delete, "/v1/guest/token"),
                    ] {
                        let answer = service.send(method, path, token: text)
                        #expect(answer.status == 401, "\(name)")
                        #expect(answer.code == "unauthenticated", "\(name)")
                        #expect(!answer.text.contains(order.token.dropFirst(3)), "\(name)")
                    }
                }
            }
            try service.services.guestAccesses.flush(until: service.soon)
            #expect(try service.rowCounts()["guest_accesses"] == 1)
            #expect(service.send(.get, order.path, token: order.token).status == 200)
        }
    }

    @Test("see an order that was called off still, and change nothing of it")
    func cancelled() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let cancel = "\(order.path)/cancel"
            #expect(service.send(.post, cancel, token: order.token, key: "1").status == 200)
            for part in ["", "/items", "/payment", "/tracking", "/events"] {
                #expect(service.send(.get, order.path + part, token: order.token).status == 200)
            }
            let pay = service.send(.post, "\(order.path)/payments", token: order.token, key: "2")
            #expect(pay.status == 409)
            let again = service.send(.post, cancel, token: order.token, key: "3")
            #expect([200, 409].contains(again.status))
        }
    }
}
