import MariaDB
import Resilience
import Web

/// A document as a file of its own, for staff and customers alike: the UBL and the page to print.
///
/// Both are of what was issued; what is rejected has neither.
struct InvoiceFiles: Sendable {
    let reader: InvoiceReader

    /// The UBL, byte for byte as it was made at the issue.
    ///
    /// - Parameters:
    ///   - publicID: the document's, as the path names it.
    ///   - orderID: the order that it has to be of; nil for any.
    ///   - context: the request.
    /// - Returns: the file, or 304 if the client has it.
    /// - Throws: a `Problem` with 404 if there is none; `MariaDBError`.
    func ubl(_ publicID: String?, of orderID: Int64? = nil, _ context: Context) throws -> Response {
        let found = try publicID.flatMap { id in
            try reader.xml(Self.checked(id), of: orderID, until: context.deadline)
        }
        guard let found, let number = found.summary.number else { throw Problem.notFound }
        let answer = Self.answer(found.bytes, Self.xmlLines, context.request)
        guard answer.status == .ok else { return answer }
        return answer.with("Content-Disposition", "attachment; filename=\"\(number).xml\"")
    }

    /// The page to print; its parameters are those of `ubl`.
    func print(
        _ publicID: String?,
        of orderID: Int64? = nil,
        _ context: Context
    ) throws -> Response {
        let content = try publicID.flatMap { id in
            try reader.content(Self.checked(id), of: orderID, until: context.deadline)
        }
        guard let content, let number = content.summary.number, !content.isReduced else {
            throw Problem.notFound
        }
        let document = try InvoiceJSON.document(content.document, number: number)
        let page = Array(InvoicePrint(document).page.text.utf8)
        // With a 304 as well: browsers take its fields over for the page that they have.
        return Self.answer(page, Self.pageLines, context.request)
            .with("Content-Security-Policy", InvoicePrint.contentSecurityPolicy)
    }

    private static let xmlLines: StaticString = """
        Content-Type: application/xml; charset=utf-8\r\nCache-Control: private, no-cache\r\n\
        Vary: Authorization, Cookie\r\n
        """
    private static let pageLines: StaticString = """
        Content-Type: text/html; charset=utf-8\r\nCache-Control: private, no-cache\r\n\
        Vary: Authorization, Cookie\r\n
        """

    /// The answer with its tag, or 304 if the client has these bytes.
    private static func answer(
        _ bytes: [UInt8],
        _ lines: StaticString,
        _ request: Request
    ) -> Response {
        let tag = EntityTag.text(page: EntityTag.digest(of: bytes))
        guard !EntityTag.isKnown(tag, in: request) else { return Response.notModified(tag: tag) }
        return Response(.ok, readyLines: lines, body: bytes).with("ETag", tag)
    }

    /// An id whose characters the column can have.
    private static func checked(_ publicID: String) throws(Problem) -> String {
        guard isInvoiceID(publicID) else { throw .notFound }
        return publicID
    }
}

/// Whether a text can be the public id of an invoice: `inv_`, and up to 28 letters, digits, `-` and `_`.
///
/// Nothing else comes to be an id in the record of what staff have asked for.
func isInvoiceID(_ text: String) -> Bool {
    text.hasPrefix("inv_") && (5...32).contains(text.utf8.count)
        && text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-_".utf8.contains(byte)
        }
}
