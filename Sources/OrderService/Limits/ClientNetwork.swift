import Glibc

/// Where a request comes from, as far as limits count it: an IPv4 address, or the /64 of an IPv6
/// one, which one subscriber has to himself.
struct ClientNetwork: Sendable, Hashable {
    /// Such as `192.0.2.7` or `2001:db8:1:2::/64`; 24 characters at most.
    let text: String

    /// Takes an address as nginx saw it; nil for what is none, such as its `unix:`.
    init?(address: String) {
        var parsed = in6_addr()
        if inet_pton(AF_INET, address, &parsed) == 1 {
            text = address
            return
        }
        guard inet_pton(AF_INET6, address, &parsed) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: &parsed) { Array($0) }
        // An IPv4 address in IPv6 clothes (RFC 4291, section 2.5.5.2).
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            text = bytes[12...].map(String.init).joined(separator: ".")
            return
        }
        let groups = stride(from: 0, to: 8, by: 2).map { index in
            String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
        }
        text = groups.joined(separator: ":") + "::/64"
    }

    /// Takes what was stored of one.
    init(stored text: String) {
        self.text = text
    }
}
