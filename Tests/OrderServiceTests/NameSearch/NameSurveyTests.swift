import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing

@testable import OrderService

extension ServiceUnderTest {
    /// What a search may be told of a name by; all orders count as one that fits.
    func nameCosts(_ tables: NameTables, of name: NameWords) throws -> NameSearchCosts {
        let orders: SQL = "SELECT 1 FROM orders s FORCE INDEX (orders_created_at_idx) WHERE 1"
        return try NameSurvey(database: services.database, tables: tables).costs(
            of: name,
            among: .init(all: orders, inTime: orders, inState: orders, hasState: false),
            until: soon
        )
    }

    func namePairs(_ tables: NameTables, of name: NameWords) throws -> [NamePair] {
        try nameCosts(tables, of: name).pairs.map(\.pair)
    }

    /// All ways there are along words and pairs.
    func nameRoutes(_ tables: NameTables, of name: NameWords) throws -> [NameRoute] {
        let words = name.narrowing.flatMap { [.fewWords($0), .manyWords($0)] as [NameRoute] }
        return words + (try namePairs(tables, of: name).map(NameRoute.pair))
    }
}

@Suite("Ways of a search by name", .enabled(if: ServiceUnderTest.isAvailable))
struct NameSurveyTests {
    /// As long as words are kept.
    private static let longWord = String(repeating: "abcdefgh", count: 4)

    @Test("are known with how many rows each has")
    func numbers() async throws {
        try await ServiceUnderTest.run { service in
            for name in ["Octavius Mnemosyne", "Octavius Pfaff", "Octavian Mnemosyne", "Octavius"] {
                _ = try service.placedOrder(name: name)
            }
            let name = try #require(NameWords("octavius mnem"))
            let costs = try service.nameCosts(.orders, of: name)
            #expect(costs.words.map(\.word) == name.narrowing)
            #expect(costs.words.map(\.number) == [3, 2])
            #expect(costs.words.map(\.withPrefix) == [4, 2])
            // Both names with `Mnemosyne`, as pairs have three letters of each word.
            #expect(costs.pairs.map(\.number) == [2])
            #expect(costs.isToldByWord == false)
            let one = try service.nameCosts(.orders, of: #require(NameWords("Octavius")))
            #expect(one.pairs.isEmpty)
            #expect(one.isToldByWord)
            for (text, count) in [("Octavius m", [2]), ("Octavius pf", [1]), ("Octavius o", [])] {
                let short = try service.nameCosts(.orders, of: #require(NameWords(text)))
                #expect(short.pairs.map(\.number) == count, "\(text)")
                #expect(short.isToldByWord == false)
            }
        }
    }

    @Test(
        "go along two words that no one word can be both of",
        arguments: [
            ("ana maria", 1), ("ana an", 0), ("ana anastasia", 0), ("Ana ĂNASTASIA", 0),
            ("Ștef stefan", 0), ("andrei andreea", 1), ("straße strasse", 0), ("straße strass", 1),
            ("\(longWord)a \(longWord)b", 0),
            ("pop popa popescu", 1),
            ("ana maria ion pop", 3), ("li wu", 0),
            ("popescu i", 1), ("popescu Io", 1), ("popescu pö", 0), ("ana maria x y", 3),
        ]
    )
    func pairs(text: String, count: Int) async throws {
        try await ServiceUnderTest.run { service in
            let name = try #require(NameWords(text))
            #expect(try service.namePairs(.orders, of: name).count == count)
            #expect(try service.namePairs(.invoices, of: name).count == count)
        }
    }

    @Test("are one key for two words, whichever comes first, and however they are written")
    func key() async throws {
        try await ServiceUnderTest.run { service in
            let keys = try ["stefan tirlea", "Țîrlea Ștefan", "TIRLEANU STEFANIA", "ȘTE ŢIR"].map {
                try service.namePairs(.orders, of: #require(NameWords($0))).map(\.key)
            }
            #expect(Set(keys).count == 1)
            let other = try service.namePairs(.orders, of: #require(NameWords("stefan tarlea")))
            #expect(keys.first != other.map(\.key))
        }
    }

    @Test("are known for names of many words and for those that have two of the same beginning")
    func longNames() async throws {
        try await ServiceUnderTest.run { service in
            let letters = Array("abcdefghijklmnopqrstuvwxyz")
            let many = (0..<50).map { "\(letters[$0 / 2])\(letters[$0 % 26])x" }
            let order = try service.placedOrder(name: many.joined(separator: " "))
            let twins = try service.placedOrder(name: "Popa Popescu Ion Ionescu")
            let pairs = try service.query(
                "SELECT order_id, COUNT(*) AS number FROM order_name_pairs GROUP BY order_id"
            ).reduce(into: [Int64: Int64]()) {
                $0[try $1.int64("order_id")] = try $1.int64("number")
            }
            // 1,225 of each two words, and 1,250 of each word and an initial.
            #expect(pairs[order.id] == 2_475)
            // Of `pop` and `pop`, of `ion` and `ion`, of both, and of each with each initial.
            #expect(pairs[twins.id] == 7)
            let support = try service.support()
            let found = service.found(["name": "\(many[49]) \(many[3])"], token: support)
            #expect(found == [order.id])
        }
    }
}
