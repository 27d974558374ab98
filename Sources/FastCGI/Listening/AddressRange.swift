import CLinux

/// A range of IP addresses in CIDR notation, such as `10.1.0.0/16`, `192.0.2.7` or `fd00::/8`.
package struct AddressRange: Sendable, Equatable {
    /// The address as IPv6 writes it; IPv4 is mapped (`::ffff:192.0.2.7`).
    private let network: [UInt8]
    private let prefixLength: Int

    /// The addresses that only processes on the same host have.
    package static let loopback = ["127.0.0.0/8", "::1"].compactMap(AddressRange.init)

    /// Reads a range; nil if it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = Self.bytes(of: String(parts[0])) else { return nil }
        let isMapped = !parts[0].contains(":")
        let longest = isMapped ? 32 : 128
        var length = longest
        if parts.count == 2 {
            guard let written = Int(parts[1]), (0...longest).contains(written) else { return nil }
            length = written
        }
        network = address
        prefixLength = isMapped ? 96 + length : length
    }

    /// Whether the range has the address, sixteen bytes as IPv6 writes it.
    func contains(_ address: [UInt8]) -> Bool {
        guard address.count == network.count else { return false }
        let whole = prefixLength / 8
        guard address[..<whole] == network[..<whole] else { return false }
        guard prefixLength % 8 > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (prefixLength % 8))
        return address[whole] & mask == network[whole] & mask
    }

    static func bytes(of text: String) -> [UInt8]? {
        var v6 = in6_addr()
        if inet_pton(AF_INET6, text, &v6) == 1 { return withUnsafeBytes(of: v6) { Array($0) } }
        var v4 = in_addr()
        guard inet_pton(AF_INET, text, &v4) == 1 else { return nil }
        return mapped(v4)
    }

    /// The address of a peer; nil for families other than IP.
    static func bytes(of storage: sockaddr_storage) -> [UInt8]? {
        withUnsafeBytes(of: storage) { raw in
            switch Int32(storage.ss_family) {
            case AF_INET: mapped(raw.load(as: sockaddr_in.self).sin_addr)
            case AF_INET6:
                withUnsafeBytes(of: raw.load(as: sockaddr_in6.self).sin6_addr) { Array($0) }
            default: nil
            }
        }
    }

    private static func mapped(_ address: in_addr) -> [UInt8] {
        [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + withUnsafeBytes(of: address) { Array($0) }
    }
}
