import MariaDB
import OrderServiceTesting
import Resilience
import Testing

@Suite("Values at the server", .serialized, .enabled(if: TestDatabase.isAvailable))
struct ValueTests {
    private static let table = """
        CREATE TABLE samples (
            id BIGINT AUTO_INCREMENT PRIMARY KEY,
            tiny TINYINT, number BIGINT, counter BIGINT UNSIGNED, ratio DOUBLE,
            text VARCHAR(2000), long_text LONGTEXT, token BINARY(4), data LONGBLOB,
            happened_at DATETIME(6), day DATE, flag BOOLEAN, price DECIMAL(10,2), state
                ENUM('open','paid'), document JSON
        ) DEFAULT CHARSET utf8mb4
        """

    @Test("come back as they were bound")
    func roundTrips() async throws {
        try await TestDatabase.withSchema(Self.table) { database in
            let deadline = Deadline.after(.seconds(20))
            let at = Timestamp(microseconds: 1_772_323_199_123_456)
            let execution = try database.execute(
                """
                INSERT INTO samples (tiny, number, counter, ratio, text, long_text, token, data,
                    happened_at, day, flag, price, state, document)
                VALUES (\(-1), \(Int64.min), \(UInt64.max), \(0.1), \("ă€😀'\\\u{0}\""), \(""),
                    \([0, 255, 1, 39] as [UInt8]), \([] as [UInt8]), \(at), \(at), \(true),
                    \("12.50"), \("paid"), \("{\"a\": 1}"))
                """,
                until: deadline
            )
            #expect(execution == Execution(affectedRows: 1, lastInsertID: 1))

            let row = try #require(
                try database.query("SELECT * FROM samples WHERE id = \(1)", until: deadline).first
            )
            #expect(try row.int("tiny") == -1)
            #expect(try row.int64("number") == .min)
            #expect(try row.uint64("counter") == .max)
            #expect(try row.double("ratio") == 0.1)
            #expect(try row.string("text") == "ă€😀'\\\u{0}\"")
            #expect(try row.string("long_text") == "")
            #expect(try row.bytes("token") == [0, 255, 1, 39])
            #expect(try row.bytes("data") == [])
            #expect(try row.timestamp("happened_at") == at)
            #expect(try row.timestamp("day").rfc3339 == "2026-02-28T00:00:00.000Z")
            #expect(try row.bool("flag"))
            #expect(try row.string("price") == "12.50")
            #expect(try row.double("price") == 12.5)
            #expect(try row.string("state") == "paid")
            #expect(try row.string("document") == "{\"a\": 1}")
        }
    }

    @Test(
        "are cut to what a column holds, which counts code points",
        arguments: ["e\u{301}", "👩‍👩‍👧", "ab", "ț"]
    )
    func cut(_ character: String) async throws {
        let text = String(repeating: character, count: 3000)
        #expect("ab".cut(toVarChar: 2000) == "ab")
        try await TestDatabase.withSchema(Self.table) { database in
            let deadline = Deadline.after(.seconds(20))
            #expect(throws: MariaDBError.self, "strict mode") {
                try database.execute("INSERT INTO samples (text) VALUES (\(text))", until: deadline)
            }
            try database.execute(
                "INSERT INTO samples (text) VALUES (\(text.cut(toVarChar: 2000)))",
                until: deadline
            )
            let rows = try database.query(
                "SELECT text, CHAR_LENGTH(text) AS length FROM samples",
                until: deadline
            )
            #expect(try rows.map { try $0.int("length") } == [2000])
            #expect(try text.hasPrefix(rows[0].string("text").dropLast()))
        }
    }

    @Test("are nil where the column is null")
    func readsNull() async throws {
        try await TestDatabase.withSchema(Self.table) { database in
            let deadline = Deadline.after(.seconds(20))
            let nothing: String? = nil
            try database.execute(
                "INSERT INTO samples (text, number) VALUES (\(nothing), \(nil as Int?))",
                until: deadline
            )
            let row = try #require(
                try database.query("SELECT * FROM samples", until: deadline).first
            )
            #expect(row.values.dropFirst().allSatisfy { $0 == .null })
            #expect(try row.optionalInt("number") == nil)
            #expect(try row.optionalString("text") == nil)
            #expect(try row.optionalBytes("data") == nil)
            #expect(try row.optionalTimestamp("happened_at") == nil)
            #expect(try row.optionalBool("flag") == nil)
            #expect(throws: MariaDBError.self) { try row.int("number") }
        }
    }

    @Test("may be long, several in a row and in several rows")
    func readsLongValues() async throws {
        try await TestDatabase.withSchema(Self.table) { database in
            let deadline = Deadline.after(.seconds(20))
            let blob = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let text = String(repeating: "ț😀", count: 100_000)
            let edge = String(repeating: "x", count: 512)
            for bytes in [blob, [7]] {
                try database.execute(
                    """
                    INSERT INTO samples (data, long_text, text)
                    VALUES (\(bytes), \(text), \(edge))
                    """,
                    until: deadline
                )
            }
            let rows = try database.query(
                "SELECT data, long_text, text, CONCAT(text, 'y') AS more FROM samples ORDER BY id",
                class: .job,
                until: deadline
            )
            #expect(try rows.map { try $0.bytes("data") } == [blob, [7]])
            #expect(try rows.map { try $0.string("long_text") } == [text, text])
            #expect(try rows.map { try $0.string("text") } == [edge, edge])
            #expect(try rows.map { try $0.string("more") } == [edge + "y", edge + "y"])
        }
    }

    @Test("change type from one execution to the next")
    func changesTypes() async throws {
        try await TestDatabase.withSchema { database in
            let values: [SQLValue] = [.int(1), .null, .string("a"), .bytes([1]), .double(0.5)]
            for value in values + values.reversed() {
                let row = try #require(
                    try database.query(
                        "SELECT \(value) IS NULL AS is_null",
                        until: .after(.seconds(5))
                    ).first
                )
                #expect(try row.bool("is_null") == (value == .null))
            }
        }
    }

    @Test("sum up to an integer")
    func sums() async throws {
        try await TestDatabase.withSchema(Self.table) { database in
            let deadline = Deadline.after(.seconds(20))
            try database.execute("INSERT INTO samples (number) VALUES (1), (2)", until: deadline)
            let row = try #require(
                try database.query(
                    "SELECT SUM(number) AS total, COUNT(*) AS count FROM samples",
                    until: deadline
                ).first
            )
            #expect(try row.int64("total") == 3)
            #expect(try row.int("count") == 2)
            #expect(row.columnNames == ["total", "count"])
        }
    }

    @Test("are matched by lists of any length")
    func matchesLists() async throws {
        try await TestDatabase.withSchema(Self.table) { database in
            let deadline = Deadline.after(.seconds(20))
            try database.execute(
                "INSERT INTO samples (number) VALUES (1), (2), (3), (4)",
                until: deadline
            )
            for (wanted, count) in [([], 0), ([3], 1), ([1, 2, 9], 2), ([1, 2, 3, 4, 5], 4)] {
                let rows = try database.query(
                    "SELECT id FROM samples WHERE number IN (\(list: wanted))",
                    until: deadline
                )
                #expect(rows.count == count)
            }
        }
    }

    @Test("are refused with the column's name when read as another type")
    func refusesWrongType() async throws {
        let row = try await TestDatabase.withSchema { database in
            try database.query("SELECT 'a' AS name", until: .after(.seconds(5)))[0]
        }
        let missing = #expect(throws: MariaDBError.self) { try row.int("nothing") }
        guard case .decoding(let failure) = missing else {
            Issue.record("\(String(describing: missing))")
            return
        }
        #expect(failure.column == "nothing")
        #expect(throws: MariaDBError.self) { try row.int("name") }
        #expect(throws: MariaDBError.self) { try row.int(1) }
        #expect(try row.string(0) == "a")
    }
}
