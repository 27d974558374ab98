import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Invoices by their buyer's name", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceBuyerSearchTests {
    private static let names = [
        "Comerț Exemplu SRL", "S.C. Țesături Moderne S.A.", "Ionescu Exemplu PFA", "Ion Popescu",
        "Ștefania Țîrlea", "Exemplu Exempli SRL", String(repeating: "Ăâîșț ", count: 50),
    ]

    /// What is asked for, and the names that fit it.
    private static let searches: [(asked: String, expected: [Int])] = [
        ("comert", [0]), ("COMERȚ", [0]), ("exemplu comert", [0]), ("exemplu", [0, 2, 5]),
        ("exemp", [0, 2, 5]), ("srl", [0, 5]), ("srl exemplu", [0, 5]), ("tesaturi", [1]),
        ("Ţesături", [1]), ("s a", [1]), ("sc", []), ("sa", []), ("c", [1]), ("ion", [2, 3]),
        ("popescu ion", [3]), ("mplu", []), ("tirlea stef", [4]), ("aaist", [6]), ("%", []),
        ("ex_mplu", []), ("zzz", []),
    ]

    @Test("are found by the beginnings of words, whatever their order, case and accents")
    func found() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder().id
            let ids = try Self.names.map { try service.addInvoice(of: order, buyer: $0).publicID }
            let support = try service.support()
            for (asked, expected) in Self.searches where asked != "%" {
                let found = service.foundInvoices(["buyer": asked], token: support)
                #expect(found == expected.map { ids[$0] }.reversed(), "\(asked)")
            }
        }
    }

    @Test("are told apart behind the length that words are kept in")
    func longWords() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder().id
            let stem = String(repeating: "abcdefgh", count: 4)
            let ids = try ["xx", "xy"].map {
                try service.addInvoice(of: order, buyer: stem + $0).publicID
            }
            let support = try service.support()
            for (asked, expected) in [("xx", [0]), ("x", [0, 1]), ("yy", [])] {
                let found = service.foundInvoices(["buyer": stem + asked], token: support)
                #expect(found == expected.map { ids[$0] }.reversed(), "\(asked)")
            }
        }
    }

    @Test("are the same in the same order, whichever way they are looked for")
    func routes() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder().id
            for number in 0..<15 {
                let name = ["Ion SRL", "Pop Popescu SRL", "Ana Pop SA", "Pop Ion SRL"][number % 4]
                try service.addInvoice(
                    of: order,
                    buyer: name,
                    on: "2026-11-\(10 + number / 2)",
                    state: number.isMultiple(of: 3) ? .ok : .queued
                )
            }
            let store = InvoiceSearchStore(database: service.services.database)
            for query in [
                "buyer=pop", "buyer=srl", "buyer=pop+ion", "buyer=srl&state=ok",
                "buyer=pop+srl&state=queued", "buyer=pop&from=2026-11-12",
                "buyer=ion+srl&to=2026-11-14&state=queued", "buyer=pop&to=2026-11-13",
            ] {
                let filter = try InvoiceSearchFilter(Query(Array(query.utf8)[...]))
                let expected = try Self.expected(filter, from: service)
                #expect(!expected.isEmpty)
                let names = try service.nameRoutes(.invoices, of: #require(filter.buyer))
                for route in [.invoices] + names.map(InvoiceSearchStore.Route.buyer) {
                    let found = try Self.walk(store, filter, by: route, until: service.soon)
                    #expect(found == expected, "\(query) by \(route)")
                }
            }
        }
    }

    /// The same by plain SQL.
    private static func expected(
        _ filter: InvoiceSearchFilter,
        from service: ServiceUnderTest
    ) throws -> [Int64] {
        var statement: SQL = "SELECT id FROM invoices WHERE 1"
        for word in filter.buyer?.words ?? [] {
            statement.append(" AND CONCAT(' ', buyer_name) LIKE \("% \(word)%")")
        }
        if let state = filter.state { statement.append(" AND state = \(state.rawValue)") }
        if let start = filter.start { statement.append(" AND issue_date >= \(start.description)") }
        if let end = filter.end { statement.append(" AND issue_date <= \(end.description)") }
        statement.append(" ORDER BY issue_date DESC, id DESC")
        return try service.query(statement).map { try $0.int64("id") }
    }

    private static func walk(
        _ store: InvoiceSearchStore,
        _ filter: InvoiceSearchFilter,
        by route: InvoiceSearchStore.Route,
        until deadline: Deadline
    ) throws -> [Int64] {
        var ids: [Int64] = []
        var place: InvoiceSearchStore.Place?
        while true {
            let page = try store.invoices(
                filter,
                by: route,
                after: place,
                limit: 2,
                until: deadline
            )
            ids += page.map(\.id)
            guard let last = page.last else { return ids }
            place = last.place
        }
    }

    @Test("are found in the way that costs least")
    func leastCost() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder().id
            // Names of no other test: a server estimates with rows that were removed just now.
            for (name, state) in [
                ("Quirinus", .nok), ("Quirinus", .ok), ("Quirinus Zebedeus", .ok),
            ] as [(String, InvoiceState)] {
                try service.addInvoice(of: order, buyer: name, state: state)
            }
            func route(_ query: String) throws -> InvoiceSearchStore.Route {
                let filter = try InvoiceSearchFilter(Query(Array(query.utf8)[...]))
                return try InvoiceSearchStore(database: service.services.database)
                    .route(filter, until: service.soon)
            }
            let quirinus = NarrowingWord(text: "quir", isWhole: false)
            let zebedeus = NarrowingWord(text: "zeb", isWhole: false)
            #expect(try route("buyer=quir") == .buyer(.manyWords(quirinus)))
            #expect(try route("buyer=zeb") == .buyer(.manyWords(zebedeus)))
            #expect(try route("buyer=quir&state=nok") == .invoices)
            // One is in this state, and one has this name, whose state would have to be looked up.
            #expect(try route("buyer=zeb&state=nok") == .invoices)
            #expect(try route("buyer=quir&cui=93456784") == .invoices)
            #expect(try route("state=nok") == .invoices)
        }
    }

    @Test("have each word of an invoice and each two, and those of its new name after a correction")
    func words() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder().id
            let invoice = try service.addInvoice(of: order, buyer: "Ana-Maria ana Țîrlea")
            func words() throws -> [String] {
                try service.query(
                    """
                    SELECT word FROM invoice_name_words WHERE invoice_id = \(invoice.id)
                    ORDER BY word
                    """
                ).map { try $0.string("word") }
            }
            func pairs() throws -> [Int64] {
                try service.query(
                    "SELECT pair FROM invoice_name_pairs WHERE invoice_id = \(invoice.id)"
                ).map { try $0.int64("pair") }
            }
            #expect(try words() == ["Ana", "Maria", "Țîrlea"])
            #expect(try pairs().count == 9)
            try service.execute("UPDATE invoices SET buyer_name = 'Ion Pop', version = 2")
            try service.services.database.transaction(class: .write, until: service.soon) {
                try InvoiceNameWords.rewrite(ofInvoices: invoice.id...invoice.id, in: &$0)
            }
            #expect(try words() == ["Ion", "Pop"])
            #expect(try pairs().count == 3)
            let support = try service.support()
            #expect(service.foundInvoices(["buyer": "ana"], token: support) == [])
            #expect(service.foundInvoices(["buyer": "pop"], token: support) == [invoice.publicID])
            try service.services.database.transaction(class: .write, until: service.soon) {
                try InvoiceNameWords.remove(ofOrder: order, in: &$0)
            }
            #expect(try words() == [])
            #expect(try pairs() == [])
        }
    }
}
