/// Where the server waits for the web server.
package enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// A socket file, readable and writable for owner and group (0660).
    case unix(path: String)
    /// A TCP port; only peers in the ranges are let in. Port 0 takes a free one.
    case tcp(host: String, port: UInt16, allowedPeers: [AddressRange])

    /// Reads `unix:/run/orderd.sock`, `127.0.0.1:9000` or `[::1]:9000`; nil for anything else.
    ///
    /// - Parameters:
    ///   - text: the address as it stands in the settings.
    ///   - allowedPeers: who may connect over TCP; whoever can write to the socket can forge any
    ///     client's address, so the default is this host alone.
    package init?(_ text: String, allowedPeers: [AddressRange] = AddressRange.loopback) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            // sun_path has 108 bytes, the last of them a NUL.
            guard path.hasPrefix("/"), (2...107).contains(path.utf8.count),
                !path.utf8.contains(0)
            else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.utf8.contains(0) else { return nil }
        self = .tcp(host: String(host), port: port, allowedPeers: allowedPeers)
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port, _):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
