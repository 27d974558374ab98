import MariaDB

/// The words by which orders are found by their names; rows of `order_name_words`.
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
            INSERT INTO order_name_words (word, placed_at, order_id)
            SELECT DISTINCT LEFT(w.word, 32), o.created_at, o.id
            FROM orders o JOIN JSON_TABLE(
                CONCAT('["', REPLACE(TRIM(o.name_words), ' ', '","'), '"]'), '$[*]' COLUMNS (
                    word VARCHAR(204) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci PATH '$'
                )) AS w
            WHERE o.id BETWEEN \(ids.lowerBound) AND \(ids.upperBound) AND w.word <> ''
            """
        )
    }

    static func remove(
        ofOrder id: Int64,
        in transaction: inout Transaction
    ) throws(MariaDBError) {
        try transaction.execute("DELETE FROM order_name_words WHERE order_id = \(id)")
    }
}
