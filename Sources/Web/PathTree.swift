/// Finds the number of a path's pattern, segment by segment.
///
/// Not generic and made of plain numbers, because each request goes through it: nothing is retained,
/// copied or allocated on the way.
struct PathTree: Sendable {
    /// A literal segment, in `text`, and where it leads; the edges of a node are linked.
    private struct Edge {
        let start: Int
        let count: Int
        let node: Int
        let next: Int?
    }

    private struct Node {
        var edge: Int?
        var variable: Int?
        /// Whether a pattern ends here.
        var isEnd = false
    }

    private var text: [UInt8] = []
    private var edges: [Edge] = []
    private var nodes = [Node()]

    init() {}

    /// Adds a pattern whose variable segments stand in braces, such as `/v1/orders/{id}`.
    ///
    /// - Returns: its number; the same for the same path, whatever its variables are called.
    mutating func add(_ pattern: String) -> Int {
        var node = 0
        for segment in pattern.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"),
            omittingEmptySubsequences: false
        ) {
            node = child(of: node, Array(segment))
        }
        nodes[node].isEnd = true
        return node
    }

    private mutating func child(of node: Int, _ segment: [UInt8]) -> Int {
        if segment.first == UInt8(ascii: "{") {
            if let variable = nodes[node].variable { return variable }
            nodes.append(Node())
            nodes[node].variable = nodes.count - 1
            return nodes.count - 1
        }
        let known = segment.withUnsafeBufferPointer { literal(of: node, $0) }
        if let known { return known }
        nodes.append(Node())
        edges.append(
            Edge(
                start: text.count,
                count: segment.count,
                node: nodes.count - 1,
                next: nodes[node].edge
            )
        )
        text += segment
        nodes[node].edge = edges.count - 1
        return nodes.count - 1
    }

    /// The number of the pattern that a path fits, with what stands in its variable segments.
    ///
    /// A literal segment wins over a variable one. A path with more variable segments than `Captures`
    /// has room for fits nothing.
    func find(_ path: ArraySlice<UInt8>) -> (pattern: Int, captures: Captures)? {
        var captures = Captures(path: path)
        let found = path.withUnsafeBufferPointer { bytes in
            bytes.first == UInt8(ascii: "/") ? descend(from: 0, bytes, at: 1, &captures) : nil
        }
        return found.map { ($0, captures) }
    }

    private func descend(
        from node: Int,
        _ path: UnsafeBufferPointer<UInt8>,
        at start: Int,
        _ captures: inout Captures
    ) -> Int? {
        var end = start
        while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
        let segment = UnsafeBufferPointer(rebasing: path[start..<end])
        if let child = literal(of: node, segment),
            let found = rest(from: child, path, behind: end, &captures)
        {
            return found
        }
        guard let variable = nodes[node].variable, start < end,
            captures.append(start..<end)
        else { return nil }
        if let found = rest(from: variable, path, behind: end, &captures) { return found }
        captures.removeLast()
        return nil
    }

    private func rest(
        from node: Int,
        _ path: UnsafeBufferPointer<UInt8>,
        behind end: Int,
        _ captures: inout Captures
    ) -> Int? {
        guard end == path.count else { return descend(from: node, path, at: end + 1, &captures) }
        return nodes[node].isEnd ? node : nil
    }

    private func literal(of node: Int, _ segment: UnsafeBufferPointer<UInt8>) -> Int? {
        var next = nodes[node].edge
        while let index = next {
            let edge = edges[index]
            if edge.count == segment.count, equals(edge, segment) { return edge.node }
            next = edge.next
        }
        return nil
    }

    private func equals(_ edge: Edge, _ segment: UnsafeBufferPointer<UInt8>) -> Bool {
        for offset in 0..<edge.count where text[edge.start + offset] != segment[offset] {
            return false
        }
        return true
    }
}
