import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Customer service's search of orders", .enabled(if: ServiceUnderTest.isAvailable))
struct AdminOrderSearchTests {
    /// Fields that fit one order alone.
    private func ownFields(
        _ service: ServiceUnderTest,
        _ order: ServiceUnderTest.Placed
    ) throws -> [(name: String, value: String)] {
        let row = try #require(
            try service.query(
                """
                SELECT o.number, o.email, o.phone, o.contact_name, o.status, o.payment_status,
                    o.created_at, p.provider_intent_id
                FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = \(order.id)
                """
            ).first
        )
        let time = try row.timestamp("created_at")
        return [
            ("number", try row.string("number")), ("email", try row.string("email")),
            ("phone", try row.string("phone")), ("name", try row.string("contact_name")),
            ("paymentIntent", try row.string("provider_intent_id")),
            ("status", try row.string("status")),
            ("paymentStatus", try row.string("payment_status")),
            ("from", (time - .seconds(1)).rfc3339), ("to", (time + .seconds(1)).rfc3339),
        ]
    }

    @Test("finds an order by each filter alone and by each pair of its own, and by no foreign pair")
    func filters() async throws {
        try await ServiceUnderTest.run { service in
            let first = try service.placedOrder(
                name: "Ana Țîrlea",
                email: "ana@example.ro",
                phone: "0722 000 111"
            )
            service.advance(by: .seconds(100))
            let second = try service.placedOrder(
                name: "Ion Popescu",
                email: "ion@example.ro",
                phone: "0733 000 222"
            )
            try service.pay(second)
            try service.settle()
            let support = try service.support()
            let own = try ownFields(service, first)
            let foreign = try ownFields(service, second)
            for (name, value) in own where name != "from" && name != "to" {
                #expect(service.found([name: value], token: support) == [first.id], "\(name)")
            }
            for (name, value) in own {
                for (other, otherValue) in own {
                    let pair: KeyValuePairs = [name: value, other: otherValue]
                    let isOpen = Set([name, other]).isSubset(of: ["from"])
                    #expect(
                        service.found(pair, token: support)
                            == (isOpen ? [second.id, first.id] : [first.id]),
                        "\(name) \(other)"
                    )
                }
                // The earlier order is from no later time; the later one is from an earlier time.
                for (other, otherValue) in foreign where other != name {
                    let pair: KeyValuePairs = [name: value, other: otherValue]
                    let ids = service.found(pair, token: support)
                    let late = name == "from" ? [second.id] : []
                    let early = other == "to" ? [first.id] : []
                    #expect(ids == late + early, "\(name), foreign \(other)")
                }
            }
            #expect(service.found([:], token: support) == [second.id, first.id])
        }
    }

    @Test("shows the summary and the contact")
    func form() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(
                name: "Ana Țîrlea",
                email: "ana@example.ro",
                phone: "0722 000 111"
            )
            let support = try service.support()
            let answer = service.search(["email": "ana@example.ro"], token: support)
            #expect(answer.status == 200 && answer.field("Cache-Control") == "no-store")
            #expect(answer["nextCursor"] == .null)
            let summary = service.send(.get, order.path, token: support).json.members ?? []
            let contact: JSON = [
                "name": "Ana Țîrlea", "email": "ana@example.ro", "phone": "0722 000 111",
            ]
            let expected = JSON.object(summary + [(name: "contact", value: contact)])
            #expect(answer["items", "0"] == expected)
            let nothing = service.search(["email": "nobody@example.ro"], token: support)
            #expect(nothing.status == 200 && nothing.json == ["items": [], "nextCursor": nil])
        }
    }

    @Test(
        "takes a telephone number in any spelling",
        arguments: [
            ("+40 722 123 456", "0722123456"), ("0722.123.456", "+40722123456"),
            ("0040 722 123456", "(0722) 123-456"), ("+40 (0)722 123 456", "40722123456"),
            ("+49 30 123456", "0049/30/123456"), ("0722123456", "0722123456"),
        ]
    )
    func phones(stored: String, asked: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(
                name: "Ana",
                email: "ana@example.ro",
                phone: stored
            )
            _ = try service.placedOrder(
                name: "Ana",
                email: "ana@example.ro",
                phone: "0799 999 999"
            )
            let support = try service.support()
            #expect(service.found(["phone": asked], token: support) == [order.id])
            let rows = try service.query("SELECT phone_digits FROM orders WHERE id = \(order.id)")
            #expect(try rows.first?.string("phone_digits") == PhoneDigits(asked)?.text)
        }
    }

    @Test("takes number and address as people write them")
    func spellings() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let support = try service.support()
            let number = order.answer["order", "orderNumber"].string ?? ""
            for spelling in [number.lowercased(), " \(number.replacing("-", with: " "))"] {
                #expect(service.found(["number": spelling], token: support) == [order.id])
            }
            for spelling in ["ANA@Example.RO", " ana@example.ro "] {
                #expect(service.found(["email": spelling], token: support) == [order.id])
            }
            for other in ["na@example.ro", "%@example.ro", "an_@example.ro"] {
                #expect(service.found(["email": other], token: support) == [])
            }
        }
    }

    @Test("takes days and times, the day of `to` as a whole")
    func times() async throws {
        try await ServiceUnderTest.run { service in
            // To the last second of a day.
            let seconds = 86_399 - service.now.seconds % 86_400
            service.advance(by: .seconds(seconds))
            let evening = try service.placedOrder()
            let at = try #require(
                try service.query("SELECT created_at FROM orders").first?.timestamp("created_at")
            )
            let day = String(at.rfc3339.prefix(10))
            service.advance(by: .seconds(1))
            let midnight = try service.placedOrder()
            let next = String((at + .seconds(1)).rfc3339.prefix(10))
            let support = try service.support()
            let both = [midnight.id, evening.id]
            #expect(service.found(["from": day], token: support) == both)
            #expect(service.found(["from": next], token: support) == [midnight.id])
            #expect(service.found(["to": day], token: support) == [evening.id])
            #expect(service.found(["to": next], token: support) == both)
            #expect(service.found(["from": day, "to": day], token: support) == [evening.id])
            let exact = at.rfc3339(.microseconds)
            #expect(service.found(["from": exact], token: support) == both)
            #expect(service.found(["to": exact], token: support) == [])
            #expect(service.found(["from": next, "to": day], token: support) == [])
        }
    }

    @Test("shows no order that nobody is shown yet")
    func unseen() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(name: "Ion Popescu")
            let unseen = try service.placedOrder(name: "Ion Popescu")
            try service.execute("UPDATE orders SET visible_at = NULL WHERE id = \(unseen.id)")
            let support = try service.support()
            for fields: KeyValuePairs<String, String> in [
                [:], ["name": "pop"], ["email": "ana@example.ro"], ["status": "awaiting_payment"],
            ] { #expect(service.found(fields, token: support) == [order.id]) }
        }
    }

    @Test(
        "says of each filter that cannot be read what it must be",
        arguments: [
            ("number", "RO-7Q4K-92MX-4"), ("number", ""), ("number", "20001"), ("email", "ana"),
            ("email", ""), ("email", "erased@example.invalid"), ("email", "@example.ro"),
            ("phone", "12345"), ("phone", "+40 722 abc"), ("phone", "%"), ("name", ""),
            ("name", " - "), ("name", "%"), ("name", "a b c d e f g h i"),
            ("name", String(repeating: "a", count: 201)), ("paymentIntent", ""),
            ("paymentIntent", "pi_1' OR 1=1"), ("paymentIntent", String(repeating: "a", count: 65)),
            ("status", "paid"), ("status", ""), ("status", "Confirmed"), ("paymentStatus", "open"),
            ("from", "yesterday"), ("from", "2026-02-30"), ("from", "2026-02-28T00:00:00+02:00"),
            ("to", ""), ("to", "2026-02-28T24:00:00Z"), ("cursor", "x"), ("cursor", "0"),
            ("cursor", "4711"), ("size", "0"), ("size", "101"),
        ]
    )
    func badFilters(field: String, value: String) async throws {
        try await ServiceUnderTest.run { service in
            let answer = service.search([field: value], token: try service.support())
            #expect(answer.status == 400 && answer.code == "invalid_request")
            let faults = answer.faults.map { $0.split(separator: " ").first.map(String.init) }
            #expect(faults == ["?\(field)"])
        }
    }

    @Test(
        "takes no filter that cannot be decoded for one that was not given",
        arguments: [
            "/v1/admin/orders?name=M%FCller", "/v1/admin/orders?status=confirmed&email=%FF",
            "/v1/admin/orders?name=zzz%2", "/v1/admin/orders?%FF=1", "/v1/admin/invoices?buyer=%FC",
            "/v1/admin/orders?cursor=%FF",
        ]
    )
    func undecodable(target: String) async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.placedOrder(name: "Ana")
            let answer = service.send(.get, target, token: try service.support())
            #expect(answer.status == 400 && answer.code == "invalid_request")
            #expect(answer.faults == ["? syntax"])
            // Nobody learns of it who may not search.
            let customer = try service.session("u1", .customer)
            #expect(service.send(.get, target, token: customer).status == 403)
        }
    }

    @Test(
        "takes none of several values of a filter for the one that is meant",
        arguments: [
            ("/v1/admin/orders?status=confirmed&status=shipped", "?status"),
            ("/v1/admin/invoices?state=ok&size=5&st%61te=nok", "?state"),
            ("/v1/orders?page=0&page=1", "?page"),
        ]
    )
    func ambiguous(target: String, pointer: String) async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("u1", [.customer, .support])
            let answer = service.send(.get, target, token: token)
            #expect(answer.status == 400 && answer.code == "invalid_request")
            #expect(answer.faults == ["\(pointer) duplicate"])
        }
    }

    @Test("names all of several bad filters at once")
    func severalFaults() async throws {
        try await ServiceUnderTest.run { service in
            let fields: KeyValuePairs = ["to": "x", "status": "gone", "phone": "1", "name": "Ana"]
            let answer = service.search(fields, token: try service.support())
            #expect(answer.status == 400)
            #expect(answer.faults == ["?phone format", "?status value", "?to format"])
        }
    }
}
