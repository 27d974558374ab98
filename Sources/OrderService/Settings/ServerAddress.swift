/// A host and port; an IPv6 address stands in brackets.
package struct HostPort: Sendable, Equatable, CustomStringConvertible {
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, or `host` where a port is implied.
    init?(_ text: String, impliedPort: Int? = nil) {
        let colon: String.Index?
        if text.hasPrefix("[") {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            let after = text.index(after: bracket)
            guard after == text.endIndex || text[after] == ":" else { return nil }
            colon = after == text.endIndex ? nil : after
        } else {
            colon = text.firstIndex(of: ":")
        }
        let name = text[..<(colon ?? text.endIndex)].filter { $0 != "[" && $0 != "]" }
        let digits = colon.map { text[text.index(after: $0)...] }
        guard !name.isEmpty, !name.contains(where: \.isWhitespace), !name.contains("/"),
            let port = digits.map({ Int($0) }) ?? impliedPort,
            (1...65_535).contains(port)
        else { return nil }
        self.init(host: String(name), port: port)
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// Where a server is reached, or where this one listens.
package enum ServerAddress: Sendable, Equatable, CustomStringConvertible {
    case unix(path: String)
    case tcp(HostPort)

    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let address): address.description
        }
    }
}
