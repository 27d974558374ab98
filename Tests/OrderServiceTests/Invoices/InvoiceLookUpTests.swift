import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Testing
import Web

@testable import OrderService

@Suite("One invoice for the staff", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceLookUpTests {
    @Test("is answered from the cache byte for byte as from the record, with all that stands on it")
    func hitsAndMisses() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let invoice = try service.addInvoice(of: order.id, buyer: "Ion SRL", cui: "93456784")
            let support = try service.support()
            let miss = service.send(.get, invoice.path, token: support)
            #expect(miss.status == 200)
            // Behind the cache's back: a hit does not see it.
            try service.execute("UPDATE invoices SET buyer_name = 'X'")
            let hit = service.send(.get, invoice.path, token: support)
            #expect(hit.response.body == miss.response.body)
            for answer in [miss, hit] {
                #expect(answer.field("ETag") == "\"\(invoice.publicID)-1\"")
                #expect(answer.field("Cache-Control") == "private, no-cache")
                #expect(answer.field("Vary") == "Authorization, Cookie")
            }
            #expect(hit["document"] == InvoiceJSON.json(of: invoice.document))
            #expect(hit["buyer", "name"] == "Ion SRL" && hit["faults"] == .null)
            #expect(hit["submissions", "0", "state"] == "queued")
            #expect(hit["submissions", "0", "channel"] == "b2b")
            let same = service.send(
                .get,
                invoice.path,
                token: support,
                headers: [("If-None-Match", "\"\(invoice.publicID)-1\"")]
            )
            #expect(same.status == 304 && same.response.body.isEmpty)
        }
    }

    @Test("is kept six hours, and shown among the caches, which may drop it")
    func cached() async throws {
        try await ServiceUnderTest.run { service in
            let invoice = try service.addInvoice(of: try service.placedOrder().id)
            let admin = try service.session("a", .admin)
            for _ in 0..<4 { service.send(.get, invoice.path, token: admin) }
            let life =
                try service.services.cacheRedis.send(
                    Command("PTTL", "invoice-data::\(invoice.publicID)"),
                    until: service.soon
                ).integer ?? 0
            #expect((19_440_000...21_600_000).contains(life))
            let caches = service.send(.get, "/v1/admin/caches", token: admin)
            let cache = try #require(
                caches["items"].array?.first { $0["name"] == "invoice-data" }
            )
            #expect(cache["hits"] == 3 && cache["misses"] == 1 && cache["fills"] == 1)
            #expect(cache["entries"] == 1 && cache["timeToLiveSeconds"] == 21_600)
            let drop = "/v1/admin/caches/invoice-data/\(invoice.publicID)"
            #expect(service.send(.delete, drop, token: admin)["dropped"] == 1)
        }
    }

    @Test("is dropped by a change of its state, and by the outbox where the process died before")
    func dropped() async throws {
        try await ServiceUnderTest.run { service in
            let invoice = try service.addInvoice(of: try service.placedOrder().id)
            let support = try service.support()
            func state() -> JSON { service.send(.get, invoice.path, token: support)["state"] }
            func change(_ state: InvoiceState) throws {
                try service.services.ledger.change(invoice.orderID, by: "test", until: service.soon)
                {
                    try $1.execute(
                        """
                        UPDATE invoices SET state = \(state.rawValue), version = version + 1
                        WHERE id = \(invoice.id)
                        """
                    )
                    $0.touch(invoice: invoice.publicID)
                }
            }
            #expect(state() == "queued")
            try change(.processing)
            #expect(state() == "processing")
            try service.drain()
            // As if the entry of before had been stored by somebody who died.
            let key = CacheName.invoiceData.key(invoice.publicID)
            try change(.ok)
            let stale = CacheEntry(version: 2, owner: nil, body: Array(#"{"state":"old"}"#.utf8))
            _ = try service.services.cacheRedis.send(
                Command("SET", key, stale.stored),
                until: service.soon
            )
            #expect(state() == "old")
            try service.drain()
            #expect(state() == "ok")
            let ahead = service.send(
                .get,
                invoice.path,
                token: support,
                headers: [("If-None-Match", "\"\(invoice.publicID)-9\"")]
            )
            #expect(ahead.status == 200)
        }
    }

    @Test("that is rejected tells the rules that it breaks, and is no file")
    func rejected() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let invoice = try service.addInvoice(of: order.id, state: .rejected)
            let support = try service.support()
            let answer = service.send(.get, invoice.path, token: support)
            #expect(answer["number"] == .null && answer["document", "number"] == .null)
            #expect(answer["faults", "0", "rule"] == "BR-RO-110")
            #expect(answer["submissions"] == [])
            for part in ["/ubl", "/print"] {
                let file = service.send(.get, invoice.path + part, token: support)
                #expect(file.status == 404 && file.code == "not_found")
            }
        }
    }

    @Test(
        "has its UBL byte for byte, and its page, each as a file that a browser may ask for again"
    )
    func files() async throws {
        try await ServiceUnderTest.run { service in
            let invoice = try service.addInvoice(of: try service.placedOrder().id)
            let support = try service.support()
            let ubl = service.send(.get, "\(invoice.path)/ubl", token: support)
            #expect(ubl.status == 200 && ubl.response.body == invoice.xml)
            #expect(ubl.field("Content-Type") == "application/xml; charset=utf-8")
            #expect(
                ubl.field("Content-Disposition") == "attachment; filename=\"\(invoice.number ?? "")"
                    + ".xml\""
            )
            let page = service.send(.get, "\(invoice.path)/print", token: support)
            #expect(page.status == 200)
            #expect(page.text == InvoicePrint(invoice.document).page.text)
            #expect(page.field("Content-Type") == "text/html; charset=utf-8")
            #expect(
                page.field("Content-Security-Policy") == InvoicePrint.contentSecurityPolicy
            )
            for (part, answer) in [("ubl", ubl), ("print", page)] {
                #expect(answer.field("Cache-Control") == "private, no-cache")
                let again = service.send(
                    .get,
                    "\(invoice.path)/\(part)",
                    token: support,
                    headers: [("If-None-Match", answer.field("ETag") ?? "")]
                )
                #expect(again.status == 304 && again.response.body.isEmpty)
                // A browser takes over what the 304 says of the page that it has.
                let policy = "Content-Security-Policy"
                #expect(again.field(policy) == answer.field(policy))
            }
        }
    }

    @Test("that has been removed for its age keeps its sums, and has no document and no files")
    func reduced() async throws {
        try await ServiceUnderTest.run { service in
            let invoice = try service.addInvoice(of: try service.placedOrder().id)
            try service.execute("UPDATE invoices SET document = '{}', buyer_name = ''")
            let support = try service.support()
            let answer = service.send(.get, invoice.path, token: support)
            #expect(answer["document"] == .null && answer["buyer", "name"] == .null)
            #expect(answer["total"] == invoice.document.totals.gross.json)
            #expect(service.send(.get, "\(invoice.path)/print", token: support).status == 404)
        }
    }

    @Test("is for support, finance and admins alone, and each look is on record")
    func access() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            let invoice = try service.addInvoice(of: order.id)
            let paths = ["/v1/admin/invoices", invoice.path, "\(invoice.path)/ubl"]
            for path in paths + ["\(invoice.path)/print"] {
                for role in [Roles.support, .finance, .admin] {
                    let token = try service.session("s", role)
                    #expect(service.send(.get, path, token: token).status == 200)
                }
                for role in [Roles.customer, .service] {
                    let answer = service.send(.get, path, token: try service.session("s", role))
                    #expect(answer.status == 403 && answer.code == "forbidden_role")
                }
                for token in [nil, order.token] {
                    #expect(service.send(.get, path, token: token).status == 401)
                }
            }
            let rows = try service.query(
                "SELECT route, subject FROM audit_records WHERE actor = 's' ORDER BY id"
            )
            let expected = ["", "/{id}", "/{id}/ubl", "/{id}/print"].flatMap { part in
                repeatElement("GET /v1/admin/invoices\(part)", count: 3)
            }
            #expect(try rows.map { try $0.string("route") } == expected)
            #expect(
                try rows.map { try $0.optionalString("subject") }
                    == Array(repeating: nil, count: 3)
                    + Array(repeating: invoice.publicID, count: 9)
            )
        }
    }

    @Test("is not found by ids that there are not", arguments: ["inv_nothing", "%C8%9B", "a.b"])
    func unknown(id: String) async throws {
        try await ServiceUnderTest.run { service in
            let support = try service.support()
            for part in ["", "/ubl", "/print"] {
                let path = "/v1/admin/invoices/\(id)\(part)"
                let answer = service.send(.get, path, token: support)
                #expect(answer.status == 404 && answer.code == "not_found")
            }
        }
    }

    @Test("is answered while Redis is away")
    func withoutRedis() async throws {
        try await ServiceUnderTest.runWithPrivateRedis { service, redis in
            let invoice = try service.addInvoice(of: try service.placedOrder().id)
            let support = try service.support()
            let before = service.send(.get, invoice.path, token: support)
            redis.stop()
            let after = service.send(.get, invoice.path, token: support)
            #expect(after.status == 200 && after.response.body == before.response.body)
        }
    }
}
