internal import CLibXML2

/// An element or an attribute of a document, which it keeps alive.
package struct XMLNode {
    private let document: XMLDocument
    let pointer: xmlNodePtr

    init(_ pointer: xmlNodePtr, of document: XMLDocument) {
        self.document = document
        self.pointer = pointer
    }

    /// Without a prefix.
    package var name: String { pointer.pointee.name.map { String(cString: $0) } ?? "" }

    /// The name of its namespace; nil if it is in none.
    package var namespace: String? {
        pointer.pointee.ns?.pointee.href.map { String(cString: $0) }
    }

    /// All text in it, with references resolved.
    ///
    /// The corresponding C function is `xmlNodeGetContent`.
    package var text: String { Library.taking(xmlNodeGetContent(pointer)) }

    /// Where it is, such as `/*/cac:InvoiceLine[2]/cbc:ID`, with the document's prefixes.
    ///
    /// The corresponding C function is `xmlGetNodePath`.
    package var path: String { Library.taking(xmlGetNodePath(pointer)) }

    /// What an expression of XPath selects from here on; see `XMLDocument.nodes`.
    package func nodes(_ path: String) throws(XMLError) -> [XMLNode] {
        try document.nodes(path, from: self)
    }

    /// The text of the first node that `path` selects; nil if there is none.
    package func text(at path: String) throws(XMLError) -> String? {
        try nodes(path).first?.text
    }
}
