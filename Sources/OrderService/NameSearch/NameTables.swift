import MariaDB

/// Where names are found: those of orders, or of invoices' buyers.
struct NameTables: Sendable {
    /// A row for each word of a name.
    let words: SQL
    /// The index of `words` by their first three letters, and then by time.
    let wordsByPrefix: SQL
    /// A row for each two words of a name, by their key and then by time.
    let pairs: SQL

    static let orders = NameTables(
        words: "order_name_words",
        wordsByPrefix: "order_name_words_prefix_placed_at_idx",
        pairs: "order_name_pairs"
    )
    static let invoices = NameTables(
        words: "invoice_name_words",
        wordsByPrefix: "invoice_name_words_prefix_dated_on_idx",
        pairs: "invoice_name_pairs"
    )
}
