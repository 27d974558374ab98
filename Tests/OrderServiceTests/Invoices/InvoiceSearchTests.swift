import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("The look-up of invoices", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceSearchTests {
    /// Fields that fit one invoice alone.
    private func ownFields(
        _ invoice: ServiceUnderTest.AddedInvoice,
        day: String,
        state: InvoiceState,
        cui: String
    ) -> [(name: String, value: String)] {
        [
            ("number", invoice.number ?? ""), ("orderNumber", invoice.document.orderNumber),
            ("orderId", "\(invoice.orderID)"), ("cui", cui), ("buyer", invoice.document.buyer.name),
            ("from", day), ("to", day), ("state", state.rawValue),
        ]
    }

    @Test("finds one by each filter alone and by each pair of its own, and by no foreign pair")
    func filters() async throws {
        try await ServiceUnderTest.run { service in
            let orders = try (0..<2).map { _ in try service.placedOrder().id }
            let first = try service.addInvoice(
                of: orders[0],
                buyer: "Comerț Exemplu SRL",
                cui: "93456784",
                on: "2026-11-19",
                state: .ok
            )
            let second = try service.addInvoice(
                of: orders[1],
                buyer: "Țesături Moderne SA",
                cui: "98887770",
                on: "2026-11-20"
            )
            let support = try service.support()
            let own = ownFields(first, day: "2026-11-19", state: .ok, cui: "RO93456784")
            let foreign = ownFields(second, day: "2026-11-20", state: .queued, cui: "98887770")
            for (name, value) in own where name != "from" {
                #expect(service.foundInvoices([name: value], token: support) == [first.publicID])
            }
            for (name, value) in own {
                for (other, otherValue) in own where !(name == "from" && other == "from") {
                    let pair: KeyValuePairs = [name: value, other: otherValue]
                    let found = service.foundInvoices(pair, token: support)
                    #expect(found == [first.publicID], "\(name) \(other)")
                }
                // The earlier one is from no later day; the later one is from an earlier day.
                for (other, otherValue) in foreign where other != name {
                    let pair: KeyValuePairs = [name: value, other: otherValue]
                    let late = name == "from" ? [second.publicID] : []
                    let early = other == "to" ? [first.publicID] : []
                    let found = service.foundInvoices(pair, token: support)
                    #expect(found == late + early, "\(name), foreign \(other)")
                }
            }
            let all = [second.publicID, first.publicID]
            #expect(service.foundInvoices([:], token: support) == all)
        }
    }

    @Test("shows what is known of one, and of a rejected one that it has no number")
    func form() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let invoice = try service.addInvoice(of: order.id, buyer: "Ion SRL", cui: "93456784")
            let note = try service.addInvoice(of: order.id, on: "2026-11-21", crediting: invoice)
            let rejected = try service.addInvoice(of: order.id, state: .rejected)
            let support = try service.support()
            let answer = service.searchInvoices(["orderId": "\(order.id)"], token: support)
            #expect(answer.status == 200 && answer.field("Cache-Control") == "no-store")
            let items = answer["items"].array ?? []
            // What is rejected stands under the day it was made on, which the test's clock decides.
            #expect(
                Set(items.compactMap { $0["id"]?.string }) == [
                    invoice.publicID, note.publicID, rejected.publicID,
                ]
            )
            let shown = try #require(items.first { $0["id"]?.string == invoice.publicID })
            let expected: JSON = [
                "id": .string(invoice.publicID), "state": "queued", "kind": "invoice",
                "number": JSON(invoice.number), "issueDate": "2026-11-20",
                "deadline": "2026-12-31", "orderId": .integer(order.id),
                "orderNumber": .string(invoice.document.orderNumber), "creditedInvoiceId": nil,
                "buyer": ["name": "Ion SRL", "cui": "93456784"],
                "total": invoice.document.totals.gross.json,
                "createdAt": .string(service.now.rfc3339), "version": 1,
            ]
            #expect(shown == expected)
            let credit = items.first { $0["id"]?.string == note.publicID }
            #expect(credit?["creditedInvoiceId"]?.string == invoice.publicID)
            #expect(credit?["kind"] == "credit_note")
            let fault = items.first { $0["id"]?.string == rejected.publicID }
            #expect(fault?["number"] == .null && fault?["issueDate"] == .null)
            #expect(fault?["deadline"] == .null)
        }
    }

    @Test("takes numbers as people write them, and a CUI with or without RO")
    func spellings() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let invoice = try service.addInvoice(of: order.id, buyer: "Ion SRL", cui: "93456784")
            let support = try service.support()
            let number = invoice.document.orderNumber
            for (field, value) in [
                ("number", "lup000001"), ("number", " LUP 000001"), ("number", "LUP-000001"),
                ("orderNumber", number.lowercased()), ("cui", "ro 93456784"),
                ("cui", "93456784"),
            ] {
                let found = service.foundInvoices([field: value], token: support)
                #expect(found == [invoice.publicID], "\(value)")
            }
            for (field, value) in [("number", "LUP00000"), ("number", "LUP0000011")] {
                #expect(service.foundInvoices([field: value], token: support) == [])
            }
        }
    }

    @Test("takes days whole; what is rejected is found by the day it was made on")
    func days() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let days = ["2026-11-19", "2026-11-20", "2026-11-21"]
            let ids = try days.map { try service.addInvoice(of: order.id, on: $0).publicID }
            let support = try service.support()
            func found(_ fields: KeyValuePairs<String, String>) -> [String] {
                service.foundInvoices(fields, token: support)
            }
            #expect(found(["from": days[1]]) == [ids[2], ids[1]])
            #expect(found(["to": days[1]]) == [ids[1], ids[0]])
            #expect(found(["from": days[1], "to": days[1]]) == [ids[1]])
            #expect(found(["from": days[2], "to": days[0]]) == [])
            let rejected = try service.addInvoice(of: order.id, state: .rejected).publicID
            let today = String(service.now.rfc3339.prefix(10))
            let made: KeyValuePairs = ["from": today, "to": today, "state": "rejected"]
            #expect(found(made) == [rejected])
        }
    }

    @Test(
        "says of each filter that cannot be read what it must be",
        arguments: [
            ("number", ""), ("number", "MEX%"), ("number", String(repeating: "1", count: 41)),
            ("number", "MÉX1"), ("orderNumber", "RO-7Q4K-92MX-4"), ("orderNumber", ""),
            ("orderId", "0"), ("orderId", "-1"), ("orderId", "x"), ("orderId", ""),
            ("cui", "93456785"), ("cui", ""), ("cui", "RO"), ("buyer", ""), ("buyer", "%"),
            ("buyer", "a b c d e f g h i"), ("buyer", String(repeating: "a", count: 201)),
            ("from", "2026-02-30"), ("from", "2026-02-28T00:00:00Z"), ("to", "28.02.2026"),
            ("state", "paid"), ("state", ""), ("state", "OK"), ("cursor", "x"), ("cursor", "4711"),
            ("cursor", "20000-0"), ("cursor", "-1-7"), ("cursor", "1-2-3"), ("cursor", "9999999-1"),
            ("size", "0"), ("size", "101"),
        ]
    )
    func badFilters(field: String, value: String) async throws {
        try await ServiceUnderTest.run { service in
            let answer = service.searchInvoices([field: value], token: try service.support())
            #expect(answer.status == 400 && answer.code == "invalid_request")
            let faults = answer.faults.map { $0.split(separator: " ").first.map(String.init) }
            #expect(faults == ["?\(field)"])
        }
    }

    @Test("names all of several bad filters at once")
    func severalFaults() async throws {
        try await ServiceUnderTest.run { service in
            let fields: KeyValuePairs = ["to": "x", "state": "gone", "cui": "1", "buyer": "Ana"]
            let answer = service.searchInvoices(fields, token: try service.support())
            #expect(answer.status == 400)
            #expect(answer.faults == ["?cui format", "?state value", "?to format"])
        }
    }

    @Test(
        "shows each once on a walk and leaves none out, while new ones come",
        arguments: ["", "state=queued", "cui=93456784", "buyer=srl", "from=2020-01-01"]
    )
    func walk(query: String) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder().id
            func add(_ day: Int) throws -> String {
                try service.addInvoice(
                    of: order,
                    buyer: "Ion Srl SRL",
                    cui: "93456784",
                    on: "2026-10-\(day)"
                ).publicID
            }
            // Some are of the same day.
            let added = try (0..<7).map { try add(11 + $0 / 3) }
            let support = try service.support()
            var seen: [String] = []
            var cursor: String?
            var later = 0
            repeat {
                let rest = cursor.map { "&cursor=\($0)" } ?? ""
                let path = "/v1/admin/invoices?size=2&\(query)\(rest)"
                let page = service.send(.get, path, token: support)
                #expect(page.status == 200)
                let ids = (page["items"].array ?? []).compactMap { $0["id"]?.string }
                #expect(ids.count == 2 || page["nextCursor"] == .null)
                seen += ids
                cursor = page["nextCursor"].string
                _ = try add(20 + later)
                later += 1
            } while cursor != nil
            #expect(seen == added.reversed() && later == 4)
        }
    }

    @Test("are walked on where the last one shown has gone, or has moved to another day")
    func walkedOn() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder().id
            let added = try (0..<6).map {
                try service.addInvoice(of: order, on: "2026-10-1\($0)").publicID
            }
            let support = try service.support()
            var seen: [String] = []
            var cursor: String?
            repeat {
                let rest = cursor.map { "&cursor=\($0)" } ?? ""
                let path = "/v1/admin/invoices?size=2\(rest)"
                let page = service.send(.get, path, token: support)
                #expect(page.status == 200)
                seen += (page["items"].array ?? []).compactMap { $0["id"]?.string }
                cursor = page["nextCursor"].string
                guard let last = seen.last else { break }
                if seen.count == 2 {
                    try service.execute(
                        """
                        DELETE s FROM invoice_submissions s JOIN invoices i ON i.id = s.invoice_id
                        WHERE i.public_id = \(last)
                        """
                    )
                    try service.execute("DELETE FROM invoices WHERE public_id = \(last)")
                } else {
                    try service.execute(
                        "UPDATE invoices SET issue_date = '2026-11-20' WHERE public_id = \(last)"
                    )
                }
            } while cursor != nil
            #expect(seen == added.reversed())
        }
    }
}
