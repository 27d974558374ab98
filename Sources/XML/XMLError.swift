/// Why bytes are no XML that is read here, or something cannot be written as XML.
package enum XMLError: Error, Equatable {
    /// More bytes than are read or written; the limit is in bytes.
    case tooLarge(limit: Int)

    /// Not well-formed, not UTF-8, or beyond the parser's own limits (depth 256, texts and names).
    case malformed(line: Int, String)

    /// It has a document type declaration, from which entities come.
    case hasDoctype

    /// A text to be written has a character that XML 1.0 knows no way to write.
    case unwritable(Unicode.Scalar)

    /// The XPath expression is wrong, or ends in something else than nodes.
    case invalidExpression(String)

    /// Anything else, by the number that libxml2 gives it.
    case failed(code: Int, String)

    /// One of a few words, for metrics.
    package var label: StaticString {
        switch self {
        case .tooLarge: "too_large"
        case .malformed: "malformed"
        case .hasDoctype: "has_doctype"
        case .unwritable: "unwritable"
        case .invalidExpression: "invalid_expression"
        case .failed: "failed"
        }
    }
}
