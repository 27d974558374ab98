package import Commerce
package import XML

/// Writes documents as UBL 2.1 by CIUS-RO 1.0.1.
package enum UBLWriter {
    /// The document's bytes, the same ones each time: UTF-8.
    ///
    /// - Throws: `XMLError.tooLarge` beyond the tax office's limit.
    package static func bytes(of document: InvoiceDocument) throws(XMLError) -> [UInt8] {
        []
    }
}
