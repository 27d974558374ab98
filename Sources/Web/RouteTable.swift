/// Finds the place of a route by method and path, over bytes and without allocation for a hit.
///
/// A path is matched as it was sent: nothing is decoded, `//`, `..` and `;` are ordinary bytes of
/// a segment, so that a path has one spelling and everything else is unknown. A literal segment
/// wins over a variable one.
///
/// Not generic: whoever is asked for each request keeps his routes himself. `Router` keeps them for
/// all others.
package struct RouteTable: Sendable {
    /// What became of a look-up.
    package enum Match {
        /// The route's place in the order of registration, from 0.
        case found(Int, Captures)
        /// The path exists; the value of `Allow` names its methods.
        case methodNotAllowed(allow: String)
        case notFound
    }

    private struct Route: Sendable {
        let method: Method
        let place: Int
    }

    private var tree = PathTree()
    /// By the number of their pattern; some numbers have none.
    private var routes: [[Route]] = []
    private var count = 0

    package init() {}

    /// Registers a route, in the next place.
    ///
    /// - Parameters:
    ///   - method: HEAD need not be registered: it is answered by GET's route.
    ///   - pattern: a path whose variable segments stand in braces, such as `/v1/orders/{id}`.
    package mutating func add(_ method: Method, _ pattern: String) {
        let number = tree.add(pattern)
        while routes.count <= number { routes.append([]) }
        precondition(
            !routes[number].contains { $0.method == method },
            "\(method.rawValue) \(pattern) is registered twice"
        )
        routes[number].append(Route(method: method, place: count))
        count += 1
    }

    /// Looks a route up.
    package func match(_ method: Method, _ path: ArraySlice<UInt8>) -> Match {
        guard let (pattern, captures) = tree.find(path) else { return .notFound }
        let place = place(of: method, pattern) ?? (method == .head ? place(of: .get, pattern) : nil)
        guard let place else { return .methodNotAllowed(allow: allow(of: pattern)) }
        return .found(place, captures)
    }

    private func place(of method: Method, _ pattern: Int) -> Int? {
        routes[pattern].first { $0.method == method }?.place
    }

    private func allow(of pattern: Int) -> String {
        var methods = routes[pattern].map(\.method)
        if methods.contains(.get) { methods.append(.head) }
        methods.append(.options)
        return Set(methods).map(\.rawValue).sorted().joined(separator: ", ")
    }
}
