internal import CLibXML2

/// A parsed tree of libxml2.
final class TreeHandle {
    let document: xmlDocPtr
    let root: xmlNodePtr

    /// - No entity is substituted (`NOENT` off), no DTD loaded (`DTDLOAD` off), nothing fetched.
    /// - The parser's own limits stay (`HUGE` off): depth 256, 10 MB a text.
    /// - Nothing is printed: by default the library writes errors to the standard error.
    private static let options =
        XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
        | XML_PARSE_NOCDATA.rawValue | XML_PARSE_COMPACT.rawValue | XML_PARSE_BIG_LINES.rawValue

    /// The corresponding C function is `xmlCtxtReadMemory`; the encoding that it is given counts, not
    /// the one that the bytes declare.
    init(parsing bytes: [UInt8]) throws(XMLError) {
        Library.initialization
        guard let count = CInt(exactly: bytes.count) else {
            throw .tooLarge(limit: Int(CInt.max))
        }
        guard let parser = xmlNewParserCtxt() else {
            preconditionFailure("there is memory for a parser of XML")
        }
        defer { xmlFreeParserCtxt(parser) }
        clibxml2_refuse_doctype(parser)
        let document = bytes.withUnsafeBytes { bytes in
            xmlCtxtReadMemory(
                parser,
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                count,
                nil,
                "UTF-8",
                CInt(Self.options)
            )
        }
        // A parser that was stopped may give what it has so far for a document.
        guard let document, parser.pointee.errNo == CInt(XML_ERR_OK.rawValue),
            let root = xmlDocGetRootElement(document)
        else {
            xmlFreeDoc(document)
            throw Self.error(of: parser)
        }
        self.document = document
        self.root = root
        // So that sorting what XPath selects compares numbers, not ways through the tree.
        xmlXPathOrderDocElems(document)
    }

    deinit {
        xmlFreeDoc(document)
    }

    private static func error(of parser: xmlParserCtxtPtr) -> XMLError {
        let last = parser.pointee.lastError
        if parser.pointee.errNo == CInt(XML_ERR_USER_STOP.rawValue) { return .hasDoctype }
        let message = last.message.map { String(cString: $0) } ?? "no document"
        return .malformed(line: Int(last.line), String(message.prefix { $0 != "\n" }))
    }
}
