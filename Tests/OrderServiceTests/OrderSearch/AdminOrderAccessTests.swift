import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Who may search orders, and what stays of it", .enabled(if: ServiceUnderTest.isAvailable))
struct AdminOrderAccessTests {
    private static let target = "/v1/admin/orders"

    @Test("support, finance and admins may, and nobody else")
    func roles() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            for role in [Roles.support, .finance, .admin] {
                let answer = service.send(.get, Self.target, token: try service.session("s", role))
                #expect(answer.status == 200 && answer["items", "0", "id"].integer == order.id)
            }
            for role in [Roles.customer, .service] {
                let answer = service.send(.get, Self.target, token: try service.session("s", role))
                #expect(answer.status == 403 && answer.code == "forbidden_role")
            }
            for token in [nil, order.token] {
                let answer = service.send(.get, Self.target, token: token)
                #expect(answer.status == 401 && answer.code == "unauthenticated")
            }
        }
    }

    @Test("the record has who searched by what filters, and not for whom; also a refused search")
    func audited() async throws {
        try await ServiceUnderTest.run { service in
            _ = try service.placedOrder()
            let support = try service.support()
            let asked: KeyValuePairs = ["name": "țîrlea", "status": "awaiting_payment"]
            #expect(service.found(asked, token: support).count == 1)
            #expect(service.search(["phone": "x"], token: support).status == 400)
            #expect(service.search([:], token: support).status == 200)
            let all: KeyValuePairs = [
                "number": "1", "email": "1", "phone": "1", "name": "1", "paymentIntent": "1",
                "status": "1", "paymentStatus": "1", "from": "1", "to": "1",
            ]
            #expect(service.search(all, token: support).status == 400)
            let rows = try service.query("SELECT * FROM audit_records ORDER BY id")
            #expect(rows.count == 4)
            for row in rows {
                #expect(try row.string("actor") == "support-1")
                #expect(try row.string("route") == "GET /v1/admin/orders")
            }
            #expect(
                try rows.map { try $0.optionalString("subject") } == [
                    "name status", "phone", nil,
                    "number email phone name paymentIntent status paymentStatus from to",
                ]
            )
            for row in rows {
                let text = String(decoding: JSON(exporting: row).serialized(), as: UTF8.self)
                #expect(!text.contains("rlea"))
            }
        }
    }

    @Test("who was erased is found by nothing of the person any more, and the order by its number")
    func erased() async throws {
        try await ServiceUnderTest.run { service in
            let contact = (name: "Ana Țîrlea", email: "ana@example.ro", phone: "0722 000 111")
            let order = try service.placedOrder(
                name: contact.name,
                email: contact.email,
                phone: contact.phone
            )
            let other = try service.placedOrder(
                name: contact.name,
                email: "other@example.ro",
                phone: "0733 000 222"
            )
            service.advance(by: .days(1))
            try service.settle()
            let support = try service.support()
            #expect(service.found(["name": "tirlea"], token: support) == [other.id, order.id])
            let report = try service.services.erasure.run(
                try #require(DataSubject(email: contact.email)),
                by: "cli:ana",
                reason: "asked by letter",
                skipsOpen: false,
                isDryRun: false,
                until: service.soon
            )
            #expect(report.isCarriedOut)
            #expect(service.found(["name": "tirlea"], token: support) == [other.id])
            #expect(service.found(["email": contact.email], token: support) == [])
            #expect(service.found(["phone": contact.phone], token: support) == [])
            let number = order.answer["order", "orderNumber"].string ?? ""
            let found = service.search(["number": number], token: support)
            #expect(found["items", "0", "id"].integer == order.id)
            #expect(found["items", "0", "contact"] == ["name": nil, "email": nil, "phone": nil])
            let words = try service.query(
                "SELECT word FROM order_name_words WHERE order_id = \(order.id)"
            )
            #expect(words.isEmpty)
            let export = try service.services.personalDataExport.document(
                of: try #require(DataSubject(email: "other@example.ro")),
                until: service.soon
            )
            #expect(export["orders"]?[0]?["nameWords"]?.array?.count == 2)
        }
    }
}
