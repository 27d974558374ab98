import MariaDB
import Testing

@Suite("SQL statement")
struct SQLTests {
    @Test("binds interpolated values in order")
    func bindsValues() {
        let name: String? = nil
        let sql: SQL = "SELECT \(1), \("a?b"), \(name), \(true), \([1, 2] as [UInt8])"
        #expect(sql.text == "SELECT ?, ?, ?, ?, ?")
        #expect(sql.values == [.int(1), .string("a?b"), .null, .int(1), .bytes([1, 2])])
    }

    @Test("makes no text of a value, whatever it holds")
    func escapesNothing() {
        let hostile = "'; DROP TABLE orders; --"
        let sql: SQL = "SELECT * FROM orders WHERE note = \(hostile)"
        #expect(sql.text == "SELECT * FROM orders WHERE note = ?")
        #expect(sql.values == [.string(hostile)])
    }

    @Test("inserts text known at compile time and other statements")
    func insertsFragments() {
        let condition: SQL = "user_id = \(7)"
        var sql: SQL = "SELECT \(unescaped: "id, total") FROM orders WHERE \(condition)"
        sql.append(" AND state = \("paid")")
        #expect(sql.text == "SELECT id, total FROM orders WHERE user_id = ? AND state = ?")
        #expect(sql.values == [.int(7), .string("paid")])
    }

    @Test(
        "fills lists up to a power of two",
        arguments: [(1, "?", 1), (2, "?,?", 2), (3, "?,?,?,?", 4), (5, "?,?,?,?,?,?,?,?", 8)]
    )
    func padsLists(count: Int, text: String, bound: Int) {
        let sql: SQL = "IN (\(list: Array(1...count)))"
        #expect(sql.text == "IN (\(text))")
        #expect(sql.values.count == bound)
        #expect(sql.values.last == .int(Int64(count)))
    }

    @Test("makes an empty list match nothing")
    func emptyList() {
        let sql: SQL = "id IN (\(list: [] as [Int]))"
        #expect(sql.text == "id IN (NULL)")
        #expect(sql.values.isEmpty)
    }

    @Test("binds several rows at once, each in parentheses")
    func bindsRows() {
        let rows: [[SQLValue]] = [[.int(1), .string("a")], [.int(2), .null]]
        let sql: SQL = "INSERT INTO t (id, name) VALUES \(rows: rows)"
        #expect(sql.text == "INSERT INTO t (id, name) VALUES (?,?),(?,?)")
        #expect(sql.values == [.int(1), .string("a"), .int(2), .null])
    }
}
