internal import CLibXML2

/// Asks one document by XPath.
///
/// Expressions are compiled for each document anew: an evaluation writes into the compiled form
/// (`xmlXPathCompOpEval` keeps functions there that it has looked up), so that no two threads may
/// share one.
final class XPathEvaluation {
    /// Kept until the evaluation, whose context points into it, is gone.
    private let tree: TreeHandle
    private let context: xmlXPathContextPtr
    private var compiled: [String: xmlXPathCompExprPtr] = [:]

    /// The corresponding C functions are `xmlXPathNewContext` and `xmlXPathRegisterNs`.
    init(_ tree: TreeHandle, _ namespaces: KeyValuePairs<String, String>) {
        guard let context = xmlXPathNewContext(tree.document) else {
            preconditionFailure("there is memory for a context of XPath")
        }
        self.tree = tree
        self.context = context
        // Without a function of its own a context prints its errors.
        context.pointee.error = { _, _ in }
        for (prefix, name) in namespaces {
            let result = xmlXPathRegisterNs(context, prefix, name)
            precondition(result == 0, "a prefix of XPath is not empty")
        }
    }

    deinit {
        for expression in compiled.values { xmlXPathFreeCompExpr(expression) }
        xmlXPathFreeContext(context)
    }

    /// The corresponding C functions are `xmlXPathCompiledEval` and `xmlXPathNodeSetSort`.
    func nodes(_ path: String, from node: xmlNodePtr) throws(XMLError) -> [xmlNodePtr] {
        let expression = try compile(path)
        // An evaluation leaves the context anywhere.
        context.pointee.node = node
        guard let result = xmlXPathCompiledEval(expression, context) else {
            throw .invalidExpression(path)
        }
        defer { xmlXPathFreeObject(result) }
        guard result.pointee.type == XPATH_NODESET else { throw .invalidExpression(path) }
        // NULL for an empty one; unions are not in the document's order.
        guard let set = result.pointee.nodesetval, set.pointee.nodeNr > 0 else { return [] }
        xmlXPathNodeSetSort(set)
        return UnsafeBufferPointer(start: set.pointee.nodeTab, count: Int(set.pointee.nodeNr))
            // A declaration of a namespace is a copy that dies with the result.
            .compactMap { $0?.pointee.type == XML_NAMESPACE_DECL ? nil : $0 }
    }

    /// The corresponding C function is `xmlXPathCtxtCompile`.
    private func compile(_ path: String) throws(XMLError) -> xmlXPathCompExprPtr {
        if let expression = compiled[path] { return expression }
        guard let expression = xmlXPathCtxtCompile(context, path) else {
            throw .invalidExpression(path)
        }
        compiled[path] = expression
        return expression
    }
}
