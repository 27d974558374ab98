internal import Commerce
internal import Web
internal import XML

/// One rule for documents.
struct UBLRule: Sendable {
    /// What a node, or what is below it, has to be.
    enum Test: Sendable {
        /// Its text has at most so many Unicode scalars.
        case charactersAtMost(Int)
        /// `path` selects at most so many nodes from it.
        case nodesAtMost(Int, at: String)
        /// Its text is a decimal with at most two decimals.
        case amount
        /// Its text is a day, `YYYY-MM-DD`.
        case date
        /// One of the paths selects a text from it of which something is seen.
        case given([String])
        /// The text that `path` selects from it is one of these; a text that is missing is not.
        case oneOf(Set<String>, at: String)
        /// Anything else.
        case check(Check)
    }

    /// Says what is wrong with a node, or nothing.
    typealias Check = @Sendable (XMLNode, UBLContext) throws(XMLError) -> String?

    let id: String
    /// The number in EN 16931 of what is at fault.
    let field: String
    /// What is at fault, in words.
    let subject: String
    /// XPath of the nodes that it is about, each for itself.
    let context: String
    let test: Test

    init(_ id: String, _ field: String, _ subject: String, _ context: String, _ test: Test) {
        self.id = id
        self.field = field
        self.subject = subject
        self.context = context
        self.test = test
    }
}

/// What rules know beside the node that they look at.
struct UBLContext: Sendable {
    /// In Romania.
    let today: CalendarDate
    let kind: InvoiceDocument.Kind
    /// What each rate's base comes to, in hundredths.
    let bases: [UBLRateGroup: Int128]
}

extension UBLRule {
    /// Where the document breaks the rule.
    func faults(in document: XMLDocument, _ context: UBLContext) throws(XMLError) -> [UBLFault] {
        var faults: [UBLFault] = []
        for node in try document.nodes(self.context) {
            guard let (place, flaw) = try flaw(of: node, context) else { continue }
            let location = place.isEmpty ? node.path : "\(node.path)/\(place)"
            let text = "\(subject): \(flaw)"
            faults.append(UBLFault(rule: id, field: field, location: location, text: text))
        }
        return faults
    }

    private func flaw(
        of node: XMLNode,
        _ context: UBLContext
    ) throws(XMLError) -> (place: String, flaw: String)? {
        switch test {
        case .charactersAtMost(let most):
            let count = node.text.unicodeScalars.count
            return count <= most ? nil : ("", "\(count) characters, at most \(most)")
        case .nodesAtMost(let most, let path):
            let count = try node.nodes(path).count
            return count <= most ? nil : (path, "\(count) of them, at most \(most)")
        case .amount:
            let decimals = UBLDecimal(parsing: node.text)?.scale
            return decimals.map { $0 <= 2 } ?? false ? nil : ("", "no amount of two decimals")
        case .date:
            return CalendarDate(parsing: node.text) == nil ? ("", "no day as YYYY-MM-DD") : nil
        case .given(let paths):
            for path in paths {
                for node in try node.nodes(path) where !node.text.showsNothing {
                    return nil
                }
            }
            return (paths.first ?? "", "missing")
        case .oneOf(let texts, let path):
            let text = try path.isEmpty ? node.text : node.text(at: path)
            guard let text else { return (path, "missing") }
            return texts.contains(text) ? nil : (path, "not in the list")
        case .check(let check):
            return try check(node, context).map { ("", $0) }
        }
    }
}
