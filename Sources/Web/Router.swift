/// Finds the endpoint of a method and a path, over bytes and without allocation for a hit.
///
/// A path is matched as it was sent: nothing is decoded, `//`, `..` and `;` are ordinary bytes of
/// a segment, so that a path has one spelling and everything else is unknown. A literal segment
/// wins over a variable one.
package struct Router<Endpoint: Sendable>: Sendable {
    /// What became of a look-up.
    package enum Match {
        case found(Endpoint, Captures)
        /// The path exists; the value of `Allow` names its methods.
        case methodNotAllowed(allow: String)
        case notFound
    }

    private struct Node: Sendable {
        var literals: [(segment: [UInt8], node: Int)] = []
        var variable: Int?
        var endpoints: [(method: Method, endpoint: Endpoint)] = []
    }

    private var nodes = [Node()]

    package init() {}

    /// Registers an endpoint.
    ///
    /// - Parameters:
    ///   - method: HEAD need not be registered: it is answered by GET's endpoint.
    ///   - pattern: a path whose variable segments stand in braces, such as `/v1/orders/{id}`.
    ///   - endpoint: what a match returns.
    package mutating func add(_ method: Method, _ pattern: String, _ endpoint: Endpoint) {
        var node = 0
        for segment in pattern.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"),
            omittingEmptySubsequences: false
        ) {
            node = child(of: node, segment: Array(segment))
        }
        precondition(
            !nodes[node].endpoints.contains { $0.method == method },
            "\(method.rawValue) \(pattern) is registered twice"
        )
        nodes[node].endpoints.append((method, endpoint))
    }

    private mutating func child(of node: Int, segment: [UInt8]) -> Int {
        let isVariable = segment.first == UInt8(ascii: "{")
        if isVariable, let variable = nodes[node].variable { return variable }
        if !isVariable, let known = nodes[node].literals.first(where: { $0.segment == segment }) {
            return known.node
        }
        nodes.append(Node())
        let child = nodes.count - 1
        if isVariable {
            nodes[node].variable = child
        } else {
            nodes[node].literals.append((segment, child))
        }
        return child
    }

    /// Looks an endpoint up.
    package func match(_ method: Method, _ path: ArraySlice<UInt8>) -> Match {
        guard path.first == UInt8(ascii: "/") else { return .notFound }
        var captures = Captures()
        guard
            let node = descend(
                from: 0,
                path: path,
                at: path.startIndex + 1,
                captures: &captures
            )
        else { return .notFound }
        let endpoints = nodes[node].endpoints
        if let hit = endpoints.first(where: { $0.method == method }) {
            return .found(hit.endpoint, captures)
        }
        if method == .head, let hit = endpoints.first(where: { $0.method == .get }) {
            return .found(hit.endpoint, captures)
        }
        return .methodNotAllowed(allow: allow(of: node))
    }

    private func descend(
        from node: Int,
        path: ArraySlice<UInt8>,
        at start: Int,
        captures: inout Captures
    ) -> Int? {
        let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
        let segment = path[start..<end]
        func rest(from child: Int, _ captures: inout Captures) -> Int? {
            guard end == path.endIndex else {
                return descend(from: child, path: path, at: end + 1, captures: &captures)
            }
            return nodes[child].endpoints.isEmpty ? nil : child
        }
        for literal in nodes[node].literals where segment.elementsEqual(literal.segment) {
            if let found = rest(from: literal.node, &captures) { return found }
        }
        guard let variable = nodes[node].variable, !segment.isEmpty else { return nil }
        var extended = captures
        guard extended.append(segment) else { return nil }
        guard let found = rest(from: variable, &extended) else { return nil }
        captures = extended
        return found
    }

    private func allow(of node: Int) -> String {
        var methods = nodes[node].endpoints.map(\.method)
        if methods.contains(.get) { methods.append(.head) }
        methods.append(.options)
        return Set(methods).map(\.rawValue).sorted().joined(separator: ", ")
    }
}

/// The variable segments of a matched path, in order; at most three.
package struct Captures: Sendable {
    private var first: ArraySlice<UInt8>?
    private var second: ArraySlice<UInt8>?
    private var third: ArraySlice<UInt8>?

    package init() {}

    package subscript(_ index: Int) -> ArraySlice<UInt8> {
        switch index {
        case 0: first ?? []
        case 1: second ?? []
        default: third ?? []
        }
    }

    /// A segment as text; nil if it is not UTF-8.
    package func text(_ index: Int) -> String? {
        String(validating: self[index], as: UTF8.self)
    }

    /// A segment as a positive decimal number without sign, blanks or leading zeros.
    package func number(_ index: Int) -> Int64? {
        let digits = self[index]
        guard (1...18).contains(digits.count), digits.first != UInt8(ascii: "0") else {
            return nil
        }
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    fileprivate mutating func append(_ segment: ArraySlice<UInt8>) -> Bool {
        if first == nil {
            first = segment
        } else if second == nil {
            second = segment
        } else if third == nil {
            third = segment
        } else {
            return false
        }
        return true
    }
}
