import MariaDB

extension InvoiceStore {
    /// From when the accounts need document `y`: one that was rejected is issued days after it was
    /// made.
    static let youngestAt: SQL = """
        GREATEST(y.created_at, COALESCE(y.issued_at, y.created_at),
            COALESCE(y.issue_date, y.created_at))
        """

    /// Takes documents, XML and names out of an order's invoices, which the accounts need no more.
    ///
    /// Numbers, days and sums stay, so that no series has a gap; the hashes stay as the trace of
    /// what was issued.
    ///
    /// - Parameters:
    ///   - id: the order's.
    ///   - transaction: of a change of the order, which is to `touch` them.
    /// - Returns: the invoices' public ids.
    /// - Throws: `MariaDBError`.
    static func reduce(ofOrder id: Int64, in transaction: inout Transaction) throws -> [String] {
        try InvoiceNameWords.remove(ofOrder: id, in: &transaction)
        try transaction.execute(
            """
            UPDATE invoices SET document = '{}', buyer_name = '', buyer_cui = NULL,
                xml = IF(xml IS NULL, NULL, ''), faults = IF(faults IS NULL, NULL, '[]'),
                version = version + 1
            WHERE order_id = \(id)
            """
        )
        try transaction.execute(
            """
            UPDATE invoice_submissions s JOIN invoices i ON i.id = s.invoice_id
            SET s.response = NULL, s.faults = NULL WHERE i.order_id = \(id)
            """
        )
        return try publicIDs(ofOrder: id, in: &transaction)
    }

    /// The public ids of an order's invoices and credit notes.
    static func publicIDs(
        ofOrder id: Int64,
        in transaction: inout Transaction
    ) throws -> [String] {
        try transaction.query("SELECT public_id FROM invoices WHERE order_id = \(id)")
            .map { try $0.string("public_id") }
    }
}
