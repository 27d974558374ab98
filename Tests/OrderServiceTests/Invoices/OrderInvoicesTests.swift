import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Testing
import Web

@testable import OrderService

@Suite("An order's invoices", .enabled(if: ServiceUnderTest.isAvailable))
struct OrderInvoicesTests {
    @Test("are told to its guest as they are issued, and what each credits")
    func guest() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let path = "\(order.path)/invoices"
            let none = service.send(.get, path, token: order.token)
            #expect(none.json == ["orderId": .integer(order.id), "items": []])
            let invoice = try service.addInvoice(of: order.id)
            let note = try service.addInvoice(of: order.id, on: "2026-11-21", crediting: invoice)
            try service.addInvoice(of: order.id, state: .rejected)
            let answer = service.send(.get, path, token: order.token)
            #expect(answer.status == 200 && answer.field("Cache-Control") == "private, no-cache")
            let expected: JSON = [
                "orderId": .integer(order.id),
                "items": [
                    [
                        "id": .string(invoice.publicID), "kind": "invoice",
                        "number": JSON(invoice.number), "issueDate": "2026-11-20",
                        "total": invoice.document.totals.gross.json, "credits": nil,
                        "hrefs": [
                            "print": .string("\(invoice.ownPath)/print"),
                            "ubl": .string("\(invoice.ownPath)/ubl"),
                        ],
                    ],
                    [
                        "id": .string(note.publicID), "kind": "credit_note",
                        "number": JSON(note.number), "issueDate": "2026-11-21",
                        "total": note.document.totals.gross.json,
                        "credits": [
                            "id": .string(invoice.publicID), "number": JSON(invoice.number),
                        ],
                        "hrefs": [
                            "print": .string("\(note.ownPath)/print"),
                            "ubl": .string("\(note.ownPath)/ubl"),
                        ],
                    ],
                ],
            ]
            #expect(answer.json == expected)
            let short = service.send(.get, "/v1/guest/order/invoices", token: order.token)
            #expect(short.response.body == answer.response.body)
            let tag = try #require(answer.field("ETag"))
            #expect(tag != none.field("ETag"))
            let same = service.send(
                .get,
                path,
                token: order.token,
                headers: [("If-None-Match", tag)]
            )
            #expect(same.status == 304)
        }
    }

    @Test("are for a guest whose token has the scope, and for no other order's guest")
    func scopes() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let other = try service.placedOrder()
            let invoice = try service.addInvoice(of: order.id)
            let foreign = try service.addInvoice(of: other.id)
            let paths = [
                "\(order.path)/invoices", "\(invoice.ownPath)/ubl", "\(invoice.ownPath)/print",
            ]
            for path in paths {
                #expect(service.send(.get, path, token: order.token).status == 200)
                let stranger = service.send(.get, path, token: other.token)
                #expect(stranger.status == 404 && stranger.code == "order_not_found")
                #expect(service.send(.get, path).status == 401)
            }
            // One's own order does not open another one's document.
            for part in ["ubl", "print"] {
                let path = "\(order.path)/invoices/\(foreign.publicID)/\(part)"
                let answer = service.send(.get, path, token: order.token)
                #expect(answer.status == 404 && answer.code == "not_found")
            }
            try service.execute("UPDATE guest_tokens SET scopes = 'view,pay,manage'")
            _ = try service.services.cacheRedis.send(Command("FLUSHDB"), until: service.soon)
            for path in paths + ["/v1/guest/order/invoices"] {
                let answer = service.send(.get, path, token: order.token)
                #expect(answer.status == 404 && answer.code == "order_not_found")
            }
        }
    }

    @Test("are their customer's, and no other's; staff see states and what is rejected, on record")
    func owners() async throws {
        try await ServiceUnderTest.run { service in
            let owner = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: owner)
            let invoice = try service.addInvoice(of: order.id)
            let rejected = try service.addInvoice(of: order.id, state: .rejected)
            let path = "\(order.path)/invoices"
            let own = service.send(.get, path, token: owner)
            #expect(own["items"].array?.count == 1 && own["items", "0", "state"] == .null)
            for part in ["ubl", "print"] {
                let file = service.send(.get, "\(invoice.ownPath)/\(part)", token: owner)
                #expect(file.status == 200)
                let hidden = service.send(.get, "\(rejected.ownPath)/\(part)", token: owner)
                #expect(hidden.status == 404 && hidden.code == "not_found")
            }
            let other = try service.session("2", .customer)
            for path in [path, "\(invoice.ownPath)/ubl", "\(invoice.ownPath)/print"] {
                #expect(service.send(.get, path, token: other).code == "order_not_found")
            }
            let finance = try service.session("f", .finance)
            let all = service.send(.get, path, token: finance)
            let states = all["items"].array?.compactMap { $0["state"]?.string }
            #expect(states == ["queued", "rejected"])
            #expect(all["items", "0", "deadline"] == "2026-12-31")
            #expect(all["items", "1", "hrefs"] == .null && all["items", "1", "number"] == .null)
            #expect(service.send(.get, "\(invoice.ownPath)/print", token: finance).status == 200)
            let rows = try service.query(
                """
                SELECT route, order_id, user_id, subject FROM audit_records WHERE actor = 'f'
                ORDER BY id
                """
            )
            #expect(
                try rows.map { try $0.string("route") } == [
                    "GET /v1/orders/{id}/invoices",
                    "GET /v1/orders/{id}/invoices/{invoiceId}/print",
                ]
            )
            for row in rows {
                #expect(try row.int64("order_id") == order.id)
                #expect(try row.string("user_id") == "1")
            }
            #expect(try rows.last?.optionalString("subject") == invoice.publicID)
        }
    }
}
