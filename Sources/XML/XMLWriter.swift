internal import CLibXML2

/// Writes one document as UTF-8, element by element, indented by two blanks.
///
/// What fails is kept and thrown at the end, so that callers read like the document:
/// ```swift
/// var writer = XMLWriter(limit: 1_000)
/// writer.element("order", attributes: [("id", "7")]) { writer in
///     writer.element("note", text: "a < b")
/// }
/// let bytes = try writer.finish()
/// ```
package struct XMLWriter: ~Copyable {
    private let buffer: xmlBufferPtr
    private let handle: xmlTextWriterPtr
    private let limit: Int
    private var failure: XMLError?

    /// Begins a document of at most `limit` bytes.
    ///
    /// The corresponding C functions are `xmlBufferCreate`, `xmlNewTextWriterMemory` and
    /// `xmlTextWriterStartDocument`.
    package init(limit: Int) {
        Library.initialization
        guard let buffer = xmlBufferCreate(), let handle = xmlNewTextWriterMemory(buffer, 0) else {
            preconditionFailure("there is memory for a writer of XML")
        }
        self.buffer = buffer
        self.handle = handle
        self.limit = limit
        check(xmlTextWriterSetIndent(handle, 1))
        check(xmlTextWriterSetIndentString(handle, "  "))
        check(xmlTextWriterStartDocument(handle, nil, "UTF-8", nil))
    }

    deinit {
        // The writer first: it flushes into the buffer.
        xmlFreeTextWriter(handle)
        xmlBufferFree(buffer)
    }

    /// An element with elements in it.
    ///
    /// - Parameters:
    ///   - name: with its prefix, which an attribute `xmlns:…` around it declares.
    ///   - attributes: names and values.
    ///   - content: writes what stands in it.
    package mutating func element(
        _ name: String,
        attributes: [(name: String, value: String)] = [],
        _ content: (inout XMLWriter) -> Void
    ) {
        start(name, attributes)
        content(&self)
        check(xmlTextWriterEndElement(handle))
    }

    /// An element with a text in it.
    package mutating func element(
        _ name: String,
        attributes: [(name: String, value: String)] = [],
        text: String
    ) {
        start(name, attributes)
        if isWritable(text) { check(xmlTextWriterWriteString(handle, text)) }
        check(xmlTextWriterEndElement(handle))
    }

    /// The document's bytes.
    ///
    /// The corresponding C function is `xmlTextWriterEndDocument`.
    ///
    /// - Throws: what failed first; `XMLError.unwritable` for a text with a character that XML has
    ///   no way to write, `XMLError.tooLarge` beyond the limit.
    package consuming func finish() throws(XMLError) -> [UInt8] {
        check(xmlTextWriterEndDocument(handle))
        if let failure { throw failure }
        let count = Int(xmlBufferLength(buffer))
        guard count <= limit else { throw .tooLarge(limit: limit) }
        return [UInt8](UnsafeBufferPointer(start: xmlBufferContent(buffer), count: count))
    }

    private mutating func start(_ name: String, _ attributes: [(name: String, value: String)]) {
        check(xmlTextWriterStartElement(handle, name))
        for (name, value) in attributes where isWritable(value) {
            check(xmlTextWriterWriteAttribute(handle, name, value))
        }
    }

    /// The library takes texts up to the first NUL and lets any other character through.
    private mutating func isWritable(_ text: String) -> Bool {
        guard let scalar = text.unicodeScalars.first(where: { !XMLCharacters.contains($0) }) else {
            return true
        }
        failure = failure ?? .unwritable(scalar)
        return false
    }

    private mutating func check(_ result: CInt) {
        // No function of the writer fails for another reason than memory when elements are ended
        // as they are begun.
        if result < 0 { failure = failure ?? .failed(code: Int(result), "writing") }
    }
}
