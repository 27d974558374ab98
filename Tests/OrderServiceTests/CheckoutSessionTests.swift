import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Checkout sessions", .enabled(if: ServiceUnderTest.isAvailable))
struct CheckoutSessionTests {
    private static let create = "/v1/checkout/sessions"

    @Test("are priced by product-service, with VAT a rate")
    func guest() async throws {
        try await ServiceUnderTest.run { service in
            let answer = service.send(
                .post,
                Self.create,
                [
                    "email": "Ana@Example.RO",
                    "items": [
                        ServiceUnderTest.item("CANA-ALBA", 2), ServiceUnderTest.item("CAFEA-250"),
                    ],
                ]
            )
            #expect(answer.status == 201)
            let id = try #require(answer["id"].string)
            #expect(answer["token"].string?.hasPrefix("cs_") == true)
            #expect(answer.field("Location") == "\(Self.create)/\(id)")
            #expect(answer.field("ETag") == "\"\(id)-1\"")
            #expect(answer.field("Cache-Control") == "no-store")
            #expect(answer["contact", "email"] == "ana@example.ro")
            #expect(answer["fromCache"] == false && answer["requiresVerification"] == false)
            #expect(answer["lines", "0", "total", "amount"] == 9_980)
            #expect(answer["lines", "0", "vat", "amount"] == 1_732)
            #expect(answer["lines", "1", "vatRate"] == 11)
            #expect(answer["totals", "total"] == ["amount": 13_470, "currency": "RON"])
            #expect(answer["totals", "vat", "0", "rate"] == 11)
            #expect(answer["totals", "vat", "0", "gross", "amount"] == 3_490)
            #expect(answer["totals", "vat", "1", "vat", "amount"] == 1_732)
            #expect(answer["shippingMethods"].array?.count == 3)
            // The token is kept as a hash only.
            let rows = try service.query("SELECT document FROM checkout_sessions")
            #expect(try rows.first?.string("document").contains("cs_") == false)
        }
    }

    @Test("cannot begin with an empty cart, nor for staff")
    func refused() async throws {
        try await ServiceUnderTest.run { service in
            let customer = try service.session("2", .customer)
            let support = try service.session("s", .support)
            let before = try service.rowCounts()
            let empty = service.send(.post, Self.create, token: customer, [:])
            #expect(empty.status == 422 && empty.faults == [" empty_cart"])
            let staff = service.send(.post, Self.create, token: support, [:])
            #expect(staff.status == 403 && staff.code == "forbidden_role")
            #expect(try service.rowCounts() == before)
        }
    }

    @Test("merge a patch: what is absent stays, null removes, versions count up")
    func patch() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            func patch(_ changes: JSON) -> TestAnswer {
                service.send(
                    .patch,
                    checkout.path,
                    token: checkout.token,
                    headers: [("Content-Type", "application/merge-patch+json")],
                    changes
                )
            }
            let method = patch(["shipping": ["method": "locker"]])
            #expect(method.status == 200)
            #expect(method["shipping", "address", "city"] == "Cluj-Napoca")
            #expect(method["totals", "shipping", "amount"] == 1_299)
            #expect(method["version"] == 3)
            #expect(method.field("ETag") == "\"\(checkout.id)-3\"")

            let phone = patch(["contact": ["phone": nil]])
            #expect(
                phone["contact"] == [
                    "name": "Ana Țîrlea", "email": "ana@example.ro", "phone": nil,
                ]
            )
            let billing = patch([
                "billing": [
                    "name": "Ana", "company": "Cafea SRL", "cui": "ro 18547290",
                    "address": ServiceUnderTest.address,
                ]
            ])
            #expect(billing["billing", "cui"] == "RO18547290")
            #expect(patch(["billing": nil])["billing"] == .null)
            let items = patch(["items": [ServiceUnderTest.item("RASNITA", 2)]])
            #expect(items["totals", "items", "amount"] == 39_980)
            // From 300 lei on the courier is free, from 200 the locker.
            #expect(items["totals", "shipping", "amount"] == 0)
            let shown = service.send(.get, checkout.path, token: checkout.token)
            #expect(shown.json == items.json)
        }
    }

    @Test("keep the recipient's name with an address, and take it where the contact has none")
    func recipient() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.guestCheckout()
            let address: JSON = [
                "name": "Ion Șerban", "street": "Str. Lungă 1", "city": "Brașov",
                "county": "RO-BV", "postalCode": "500035", "country": "RO",
            ]
            let changes: JSON = ["shipping": ["address": address, "method": "courier"]]
            let answer = service.send(.patch, checkout.path, token: checkout.token, changes)
            #expect(answer.status == 200)
            #expect(answer["shipping", "address"] == address)
            #expect(service.complete(checkout).status == 201)
            let row = try service.query("SELECT contact_name, shipping FROM orders").first
            #expect(try row?.string("contact_name") == "Ion Șerban")
            #expect(try row?.string("shipping").contains("Ion Șerban") == true)
        }
    }

    @Test("refuse a change to another version than the one that was read")
    func ifMatch() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.guestCheckout()
            func patch(_ tag: String, _ name: String) -> TestAnswer {
                service.send(
                    .patch,
                    checkout.path,
                    token: checkout.token,
                    headers: [("If-Match", tag)],
                    ["contact": ["name": .string(name)]]
                )
            }
            #expect(patch("\"\(checkout.id)-1\"", "A").status == 200)
            let stale = patch("\"\(checkout.id)-1\"", "B")
            #expect(stale.status == 412 && stale.code == "version_conflict")
            #expect(patch("\"x\", \"\(checkout.id)-2\"", "C").status == 200)
            #expect(patch("*", "D").status == 200)
            let shown = service.send(.get, checkout.path, token: checkout.token)
            #expect(shown["contact", "name"] == "D" && shown["version"] == 4)
        }
    }

    @Test("let one of two changes at once win")
    func concurrentPatches() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.guestCheckout()
            let tag = "\"\(checkout.id)-1\""
            let answers = try (0..<8).map { number in
                Companion {
                    service.send(
                        .patch,
                        checkout.path,
                        token: checkout.token,
                        headers: [("If-Match", tag)],
                        ["contact": ["name": .string("N\(number)")]]
                    )
                }
            }.map { try $0.join() }
            #expect(answers.filter { $0.status == 200 }.count == 1)
            #expect(answers.filter { $0.status == 412 }.count == 7)
            let winner = answers.first { $0.status == 200 }
            let shown = service.send(.get, checkout.path, token: checkout.token)
            #expect(shown["contact"] == winner?["contact"] && shown["version"] == 2)
        }
    }

    @Test("slide with their use up to an hour, then are gone")
    func expiry() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let idle = try service.readyCheckout()
            service.advance(by: .seconds(29 * 60))
            #expect(service.send(.get, checkout.path, token: checkout.token).status == 200)
            service.advance(by: .seconds(4 * 60))
            #expect(service.send(.get, checkout.path, token: checkout.token).status == 200)
            for answer in [
                service.send(.get, idle.path, token: idle.token), service.complete(idle),
                service.send(.patch, idle.path, token: idle.token, ["contact": ["name": "X"]]),
                service.send(.delete, idle.path, token: idle.token),
            ] {
                #expect(answer.status == 410 && answer.code == "session_expired")
            }
            service.advance(by: .seconds(25 * 60))
            #expect(service.send(.get, checkout.path, token: checkout.token).status == 200)
            service.advance(by: .seconds(3 * 60))
            #expect(service.send(.get, checkout.path, token: checkout.token).status == 410)
            #expect(try service.rowCounts()["orders"] == 0)
        }
    }

    @Test("are gone once deleted")
    func deletion() async throws {
        try await ServiceUnderTest.run { service in
            let checkout = try service.readyCheckout()
            let deleted = service.send(.delete, checkout.path, token: checkout.token)
            #expect(deleted.status == 204 && deleted.response.body.isEmpty)
            #expect(service.send(.get, checkout.path, token: checkout.token).status == 404)
            #expect(service.complete(checkout).status == 404)
            #expect(try service.rowCounts()["checkout_sessions"] == 0)
        }
    }

    @Test("exist for their owner only")
    func ownership() async throws {
        try await ServiceUnderTest.run { service in
            let guest = try service.readyCheckout()
            let other = try service.readyCheckout()
            let first = try service.session("1", .customer)
            let second = try service.session("2", .customer)
            let owned = try service.readyCheckout(customer: "1", token: first)
            let admin = try service.session("a", .admin)
            for (path, token) in [
                (guest.path, other.token), (guest.path, first), (owned.path, second),
                (owned.path, guest.token), (owned.path, admin), (guest.path + "x", guest.token),
            ] {
                let answer = service.send(.get, path, token: token)
                #expect(answer.status == 404 && answer.code == "not_found")
                let completion = service.send(
                    .post,
                    path + "/complete",
                    token: token,
                    key: "k",
                    [:]
                )
                #expect(completion.status == 404)
            }
            let wrong = "cs_" + String(repeating: "A", count: 43)
            #expect(service.send(.get, guest.path, token: wrong).status == 404)
            for token in [nil, "cs_short", "xx_" + String(repeating: "A", count: 43), ""] {
                let answer = service.send(.get, guest.path, token: token)
                #expect(answer.status == 401 && answer.code == "unauthenticated")
                #expect(answer.field("WWW-Authenticate") == "Bearer")
            }
        }
    }
}
