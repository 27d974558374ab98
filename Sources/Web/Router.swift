/// Finds the endpoint of a method and a path by the rules of `RouteTable`.
package struct Router<Endpoint: Sendable>: Sendable {
    /// What became of a look-up.
    package enum Match {
        case found(Endpoint, Captures)
        /// The path exists; the value of `Allow` names its methods.
        case methodNotAllowed(allow: String)
        case notFound
    }

    private var table = RouteTable()
    private var endpoints: [Endpoint] = []

    package init() {}

    /// Registers an endpoint, as `RouteTable.add`.
    package mutating func add(_ method: Method, _ pattern: String, _ endpoint: Endpoint) {
        table.add(method, pattern)
        endpoints.append(endpoint)
    }

    /// Looks an endpoint up.
    package func match(_ method: Method, _ path: ArraySlice<UInt8>) -> Match {
        switch table.match(method, path) {
        case .found(let place, let captures): .found(endpoints[place], captures)
        case .methodNotAllowed(let allow): .methodNotAllowed(allow: allow)
        case .notFound: .notFound
        }
    }
}
