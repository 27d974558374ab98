import MariaDB

/// The words by which orders are found by their names, and the pairs of them; rows of `order_name_words`
/// and `order_name_pairs`.
///
/// They go with their order, and before it when personal data is taken out of it.
enum OrderNameWords {
    /// Adds the words of orders that have none yet.
    static func insert(
        ofOrders ids: ClosedRange<Int64>,
        in transaction: inout Transaction
    ) throws(MariaDBError) {
        // The words are letters and digits, which JSON needs no escape for.
        try transaction.execute(
            """
            INSERT INTO order_name_words
                (word, placed_at, order_id, name_bits, email_key, phone_key)
            SELECT word, created_at, id,
                BIT_OR(\(NameWords.bit(of: "word"))) OVER (PARTITION BY id), email_key, phone_key
            FROM (SELECT DISTINCT LEFT(w.word, 32) AS word, o.created_at, o.id,
                    \(Self.key(ofEmail: "o.email")) AS email_key,
                    \(Self.key(ofPhone: "o.phone_digits")) AS phone_key
                FROM orders o JOIN JSON_TABLE(
                    CONCAT('["', REPLACE(TRIM(o.name_words), ' ', '","'), '"]'), '$[*]' COLUMNS (
                        word VARCHAR(204) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci
                        PATH '$')) AS w
                WHERE o.id BETWEEN \(ids.lowerBound) AND \(ids.upperBound) AND w.word <> ''
            ) AS words
            """
        )
        try transaction.execute(
            """
            INSERT INTO order_name_pairs (pair, placed_at, order_id, prefix_bits)
            SELECT \(NamePair.key("a.word", "b.word", letters: "letters")) AS pair, a.placed_at, a.order_id,
                BIT_OR(\(NamePair.bits("a.word", "b.word")))
            FROM order_name_words a JOIN order_name_words b ON b.order_id = a.order_id
                JOIN \(NamePair.letters)
            WHERE a.order_id BETWEEN \(ids.lowerBound) AND \(ids.upperBound) AND \(NamePair.isPair)
            GROUP BY pair, a.placed_at, a.order_id
            """
        )
    }

    /// What `email_key` is for an address; others may have the same.
    static func key(ofEmail email: SQL) -> SQL {
        "CRC32(WEIGHT_STRING(CONVERT(\(email) USING utf8mb4) COLLATE utf8mb4_uca1400_ai_ci))"
    }

    /// What `phone_key` is for a number's digits; others may have the same.
    static func key(ofPhone digits: SQL) -> SQL {
        "CRC32(\(digits))"
    }

    static func remove(
        ofOrder id: Int64,
        in transaction: inout Transaction
    ) throws(MariaDBError) {
        try transaction.execute("DELETE FROM order_name_words WHERE order_id = \(id)")
        try transaction.execute("DELETE FROM order_name_pairs WHERE order_id = \(id)")
    }
}
