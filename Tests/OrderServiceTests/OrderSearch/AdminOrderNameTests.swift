import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Orders by name", .enabled(if: ServiceUnderTest.isAvailable))
struct AdminOrderNameTests {
    private static let names = [
        "Ion Popescu", "Popa Ionuț", "Ștefan Țîrlea", "Ştefania Ţăranu", "STEFAN POP",
        "Ana-Maria Ionescu-Pop", "Łukasz Køster", "Li Wu", "Liana O'Brien", "Popa Popescu",
        "S\u{326}tefan Decomposed", "100% Pop_a S.R.L.",
    ]

    /// What is asked for, and the names that fit it.
    private static let searches: [(asked: String, expected: [Int])] = [
        ("popescu", [0, 9]), ("POPESCU", [0, 9]), ("pop ion", [0, 1, 5]), ("ion pop", [0, 1, 5]),
        ("popescu ion", [0]), ("Ion Popescu", [0]), ("escu", []), ("stefan", [2, 3, 4, 10]),
        ("Ștefan", [2, 3, 4, 10]), ("ŞTEFAN", [2, 3, 4, 10]), ("S\u{326}tefan", [2, 3, 4, 10]),
        ("tirlea", [2]), ("țîrlea ștef", [2]), ("ionut", [1]), ("Ţaranu", [3]), ("maria", [5]),
        ("ana-maria", [5]), ("maria ana", [5]), ("lukasz", [6]), ("koster", [6]), ("li", [7]),
        ("lia", [8]), ("li wu", [7]), ("o'brien", [8]), ("brien o", [8]), ("popa", [1, 9]),
        ("popa popescu", [9]), ("pop", [0, 1, 4, 5, 9, 11]), ("popescu i", [0]),
        ("i popescu", [0]), ("100%", [11]), ("pop_a", [5, 11]), ("po%", []), ("p_p", []),
        ("%escu", []), ("p\\p", []), ("zzz", []), ("ion zzz", []),
    ]

    @Test("are found by the beginnings of words, whatever their order, case and accents")
    func found() async throws {
        try await ServiceUnderTest.run { service in
            let ids = try Self.names.map { try service.placedOrder(name: $0).id }
            let support = try service.support()
            for (asked, expected) in Self.searches {
                let found = service.found(["name": asked], token: support)
                #expect(found == expected.map { ids[$0] }.reversed(), "\(asked)")
            }
        }
    }

    @Test("are told apart behind the length that words are kept in")
    func longWords() async throws {
        try await ServiceUnderTest.run { service in
            let stem = String(repeating: "abcdefgh", count: 4)
            let ids = try ["xx", "xy", ""].map { try service.placedOrder(name: stem + $0).id }
            let support = try service.support()
            for (asked, expected) in [("xx", [0]), ("x", [0, 1]), ("", [0, 1, 2]), ("yy", [])] {
                let found = service.found(["name": stem + asked], token: support)
                #expect(found == expected.map { ids[$0] }.reversed(), "\(asked)")
            }
            let both = try service.placedOrder(name: "\(stem)xx \(stem)xy").id
            #expect(service.found(["name": "\(stem)xy \(stem)xx"], token: support) == [both])
        }
    }

    @Test("are the same in the same order, whichever way they are looked for")
    func routes() async throws {
        try await ServiceUnderTest.run { service in
            for _ in 0..<3 {
                for name in ["Ion Popescu", "Popa Popescu", "Ana Pop", "Popa Ion", "Ana Ionescu"] {
                    _ = try service.placedOrder(name: name)
                }
                service.advance(by: .seconds(1))
            }
            try service.execute("UPDATE orders SET status = 'confirmed' WHERE id % 3 = 0")
            try service.execute("UPDATE orders SET payment_status = 'paid' WHERE id % 2 = 0")
            let store = OrderSearchStore(database: service.services.database)
            let time = (service.now - .milliseconds(2_500)).rfc3339(.microseconds)
            for query in [
                "name=pop", "name=popescu", "name=popa", "name=pop+ion", "name=ion",
                "name=pop&status=confirmed", "name=ion&paymentStatus=paid",
                "name=pop+ion&status=confirmed&paymentStatus=paid", "name=pop&from=\(time)",
                "name=ion+pop&to=\(time)&status=confirmed", "name=pop&to=\(time)",
            ] {
                let expected = try Self.expected(query, from: service, since: time)
                let filter = try OrderSearchFilter(Query(Array(query.utf8)[...]))
                let names = try service.nameRoutes(.orders, of: #require(filter.name))
                for route in [.orders] + names.map(OrderSearchStore.Route.name) {
                    let found = try Self.walk(store, filter, by: route, until: service.soon)
                    #expect(found == expected, "\(query) by \(route)")
                }
            }
        }
    }

    /// The same by plain SQL.
    private static func expected(
        _ query: String,
        from service: ServiceUnderTest,
        since time: String
    ) throws -> [Int64] {
        var statement: SQL = "SELECT id FROM orders WHERE 1"
        let name = query.split(separator: "&")[0].dropFirst("name=".count)
        for word in name.split(separator: "+") {
            statement.append(" AND CONCAT(' ', contact_name) LIKE \("% \(word)%")")
        }
        if query.contains("status=confirmed") { statement.append(" AND status = 'confirmed'") }
        if query.contains("paymentStatus=paid") { statement.append(" AND payment_status = 'paid'") }
        let instant = Timestamp(rfc3339: time)
        if query.contains("from=") { statement.append(" AND created_at >= \(instant)") }
        if query.contains("to=") { statement.append(" AND created_at < \(instant)") }
        statement.append(" ORDER BY created_at DESC, id DESC")
        return try service.query(statement).map { try $0.int64("id") }
    }

    private static func walk(
        _ store: OrderSearchStore,
        _ filter: OrderSearchFilter,
        by route: OrderSearchStore.Route,
        until deadline: Deadline
    ) throws -> [Int64] {
        var ids: [Int64] = []
        var place: OrderSearchStore.Place?
        while true {
            let page = try store.orders(
                filter,
                by: route,
                after: place,
                limit: 2,
                until: deadline
            )
            ids += page.map(\.order.id)
            guard let last = page.last else { return ids }
            place = OrderSearchStore.Place(id: last.order.id, createdAt: last.order.createdAt)
        }
    }

    @Test("are found in the way that costs least")
    func leastCost() async throws {
        try await ServiceUnderTest.run { service in
            // Names of no other test: a server estimates with rows that were removed just now.
            for name in ["Quintus", "Quintus", "Quintus Abraxas"] {
                _ = try service.placedOrder(name: name)
            }
            try service.execute(
                "UPDATE orders SET status = 'returned', payment_status = 'unknown' LIMIT 1"
            )
            func route(
                _ query: String,
                fewOrders: Int = 0,
                costOfRow: Int = 15
            ) throws -> OrderSearchStore.Route {
                let filter = try OrderSearchFilter(Query(Array(query.utf8)[...]))
                return try OrderSearchStore(
                    database: service.services.database,
                    fewOrders: fewOrders,
                    costOfRow: costOfRow
                ).route(filter, until: service.soon)
            }
            let quintus = NarrowingWord(text: "quin", isWhole: false)
            let abraxas = NarrowingWord(text: "abr", isWhole: false)
            #expect(try route("name=quin") == .name(.manyWords(quintus)))
            #expect(try route("name=abr") == .name(.manyWords(abraxas)))
            let rare = "status=returned&paymentStatus=unknown"
            #expect(try route("name=quin&\(rare)") == .orders)
            // One is in this state, and one has this name, whose state would have to be looked up.
            #expect(try route("name=abr&\(rare)") == .orders)
            #expect(try route("name=quin&email=ana@example.ro") == .wordsOfContact(quintus))
            #expect(try route("name=quin+abr&email=ana@example.ro") == .wordsOfContact(abraxas))
            #expect(try route("name=quin&email=ana@example.ro", fewOrders: 3) == .orders)
            #expect(try route("name=quin&phone=0722000111") == .wordsOfContact(quintus))
            #expect(try route("name=quin&phone=0722000111", fewOrders: 3) == .orders)
            #expect(try route("email=ana@example.ro") == .orders)
            #expect(try route("status=returned") == .orders)
            let contact = "email=ana@example.ro&phone=0722000111"
            #expect(try route(contact, fewOrders: 3) == .orders)
            // As many of the phone as of the address, which the phone's index lacks.
            #expect(try route(contact) == .orders)
            let other = "email=ana@example.ro&phone=0722999999"
            #expect(try route(other) == .orders)
            #expect(try route(other, costOfRow: 1) == .ordersOfPhone)
            #expect(try route("\(other)&name=quin", costOfRow: 1) == .ordersOfPhone)
        }
    }

    @Test("of an address or a phone are the same, with many orders or few")
    func ofContact() async throws {
        try await ServiceUnderTest.run { service in
            for number in 0..<8 {
                let name = ["Ion Popescu", "Popa Popescu", "Ana Pop", "Țîrlea Ion"][number % 4]
                _ = try service.placedOrder(
                    name: name,
                    email: number < 6 ? "ana@example.ro" : "ion@example.ro",
                    phone: number.isMultiple(of: 3) ? "0722000222" : "0722000111"
                )
                if number.isMultiple(of: 3) { service.advance(by: .seconds(1)) }
            }
            try service.execute("UPDATE orders SET status = 'confirmed' WHERE id % 2 = 0")
            let store = OrderSearchStore(database: service.services.database)
            for query in [
                "name=pop", "name=popescu", "name=pop+ion", "name=tirlea", "name=zzz",
                "name=ion+zzz",
                "name=popescu&status=confirmed",
            ].flatMap({ ["\($0)&email=ana@example.ro", "\($0)&phone=0722000111"] }) {
                let filter = try OrderSearchFilter(Query(Array(query.utf8)[...]))
                let expected = try Self.walk(store, filter, by: .orders, until: service.soon)
                let isEmpty = query.contains("zzz")
                #expect(expected.isEmpty == isEmpty, "\(query)")
                for word in try #require(filter.name?.narrowing) {
                    let route = OrderSearchStore.Route.wordsOfContact(word)
                    let found = try Self.walk(store, filter, by: route, until: service.soon)
                    #expect(found == expected, "\(query) by \(route)")
                }
            }
        }
    }

    @Test("of an address and a phone are the same, whichever they are looked for by")
    func addressAndPhone() async throws {
        try await ServiceUnderTest.run { service in
            var expected: [Int64] = []
            for (address, phone) in [
                ("ana@example.ro", "0722000111"), ("ana@example.ro", "0722000222"),
                ("ion@example.ro", "0722000111"), ("ana@example.ro", "+40722000111"),
            ] {
                let order = try service.placedOrder(name: "Ana", email: address, phone: phone)
                if address.hasPrefix("ana"), phone.hasSuffix("111") { expected.append(order.id) }
                service.advance(by: .seconds(1))
            }
            let query = "email=ana@example.ro&phone=0722000111"
            let filter = try OrderSearchFilter(Query(Array(query.utf8)[...]))
            let store = OrderSearchStore(database: service.services.database)
            for route in [.orders, .ordersOfPhone] as [OrderSearchStore.Route] {
                let found = try Self.walk(store, filter, by: route, until: service.soon)
                #expect(found == expected.reversed(), "\(route)")
            }
        }
    }

    @Test("have each word of an order once, and each two of them")
    func words() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(name: "Ana-Maria ana Țîrlea Io")
            func words() throws -> [String] {
                try service.query(
                    "SELECT word FROM order_name_words WHERE order_id = \(order.id) ORDER BY word"
                ).map { try $0.string("word") }
            }
            func pairs() throws -> [Int64] {
                try service.query(
                    "SELECT pair FROM order_name_pairs WHERE order_id = \(order.id) ORDER BY pair"
                ).map { try $0.int64("pair") }
            }
            let placed = try words()
            let paired = try pairs()
            #expect(placed == ["Ana", "Io", "Maria", "Țîrlea"])
            // Of three words with each other, and with three initials each.
            #expect(paired.count == 12)
            for (name, count) in [("maria tirlea ana", 3), ("tirlea i m a", 3)] {
                let name = try #require(NameWords(name))
                let keys = try service.namePairs(.orders, of: name).map(\.key)
                #expect(keys.count == count && Set(keys).isSubset(of: paired))
            }
            // Found by two of its words alone if each row tells of all of them.
            let signatures = try service.query("SELECT DISTINCT name_bits FROM order_name_words")
            #expect(signatures.count == 1)
            try service.services.database.transaction(class: .write, until: service.soon) {
                try OrderNameWords.remove(ofOrder: order.id, in: &$0)
            }
            #expect(try words() == [])
            #expect(try pairs() == [])
            try service.services.database.transaction(class: .write, until: service.soon) {
                try OrderNameWords.insert(ofOrders: order.id...order.id, in: &$0)
            }
            #expect(try words() == placed)
            #expect(try pairs() == paired)
        }
    }
}
