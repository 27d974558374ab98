internal import CLibXML2

/// A document that was read: a tree to be asked by XPath.
///
/// One thread at a time may use it and its nodes: even asking writes into libxml2's own memory.
package final class XMLDocument {
    let tree: TreeHandle
    private let evaluation: XPathEvaluation

    /// Reads a document in UTF-8 of at most `limit` bytes.
    ///
    /// Nothing outside of the bytes is read. A document type is refused where it begins, so no
    /// entity is declared, let alone expanded.
    ///
    /// - Parameters:
    ///   - bytes: the document.
    ///   - limit: in bytes.
    ///   - namespaces: prefixes for XPath and the names that they stand for, whatever prefixes the
    ///     document has.
    /// - Throws: `XMLError`.
    package init(
        parsing bytes: [UInt8],
        limit: Int,
        namespaces: KeyValuePairs<String, String>
    ) throws(XMLError) {
        guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
        tree = try TreeHandle(parsing: bytes)
        evaluation = XPathEvaluation(tree, namespaces)
    }

    /// The root element.
    package var root: XMLNode { XMLNode(tree.root, of: self) }

    /// The elements and attributes that an expression of XPath 1.0 selects, in the document's
    /// order.
    ///
    /// - Parameters:
    ///   - path: compiled once for a document.
    ///   - node: where a relative path begins; the root element where it is nil.
    /// - Returns: none, where nothing fits.
    /// - Throws: `XMLError.invalidExpression`.
    package func nodes(_ path: String, from node: XMLNode? = nil) throws(XMLError) -> [XMLNode] {
        try evaluation.nodes(path, from: node?.pointer ?? tree.root).map { XMLNode($0, of: self) }
    }
}
