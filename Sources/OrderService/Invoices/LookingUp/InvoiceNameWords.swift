import MariaDB

/// The words by which invoices are found by their buyers' names, and the pairs of them; rows of
/// `invoice_name_words` and `invoice_name_pairs`.
///
/// They are those of the row's name and date: whoever writes one of these writes them anew.
enum InvoiceNameWords {
    /// Writes the words of invoices, in place of those that they had.
    static func rewrite(
        ofInvoices ids: ClosedRange<Int64>,
        in transaction: inout Transaction
    ) throws(MariaDBError) {
        for table in ["invoice_name_words", "invoice_name_pairs"] as [SQL] {
            try transaction.execute(
                """
                DELETE FROM \(table)
                WHERE invoice_id BETWEEN \(ids.lowerBound) AND \(ids.upperBound)
                """
            )
        }
        try write(ofInvoices: ids, in: &transaction)
    }

    /// Writes the words of invoices that have none.
    static func write(
        ofInvoices ids: ClosedRange<Int64>,
        in transaction: inout Transaction
    ) throws(MariaDBError) {
        // The words are letters and digits, which JSON needs no escape for.
        try transaction.execute(
            """
            INSERT INTO invoice_name_words (word, dated_on, invoice_id, name_bits)
            SELECT word, dated_on, id, BIT_OR(\(NameWords.bit(of: "word"))) OVER (PARTITION BY id)
            FROM (SELECT DISTINCT LEFT(w.word, 32) AS word, i.dated_on, i.id
                FROM invoices i JOIN JSON_TABLE(
                    CONCAT('["', REPLACE(TRIM(i.buyer_words), ' ', '","'), '"]'), '$[*]' COLUMNS (
                        word VARCHAR(304) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci
                        PATH '$')) AS w
                WHERE i.id BETWEEN \(ids.lowerBound) AND \(ids.upperBound) AND w.word <> ''
            ) AS words
            """
        )
        try transaction.execute(
            """
            INSERT INTO invoice_name_pairs (pair, dated_on, invoice_id, prefix_bits)
            SELECT \(NamePair.key("a.word", "b.word", letters: "letters")) AS pair, a.dated_on, a.invoice_id,
                BIT_OR(\(NamePair.bits("a.word", "b.word")))
            FROM invoice_name_words a JOIN invoice_name_words b ON b.invoice_id = a.invoice_id
                JOIN \(NamePair.letters)
            WHERE a.invoice_id BETWEEN \(ids.lowerBound) AND \(ids.upperBound)
                AND \(NamePair.isPair)
            GROUP BY pair, a.dated_on, a.invoice_id
            """
        )
    }

    /// Removes those of an order's invoices, before the names themselves go.
    static func remove(
        ofOrder id: Int64,
        in transaction: inout Transaction
    ) throws(MariaDBError) {
        for table in ["invoice_name_words", "invoice_name_pairs"] as [SQL] {
            try transaction.execute(
                """
                DELETE w FROM \(table) w JOIN invoices i ON i.id = w.invoice_id
                WHERE i.order_id = \(id)
                """
            )
        }
    }
}
