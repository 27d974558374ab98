/// An e-mail address that a guest can be written to, in its normalised form.
package struct EmailAddress: Sendable, Hashable, CustomStringConvertible {
    /// Lower case, without blanks around.
    package let description: String

    /// Accepts what browsers accept in a field of type `email` (WHATWG HTML, «valid e-mail
    /// address»), with a dot in the domain and at most 254 bytes (RFC 5321).
    package init?(parsing text: String) {
        let address = text.lowercased()
        let parts = address.utf8.split(
            separator: UInt8(ascii: "@"),
            omittingEmptySubsequences: false
        )
        guard address.utf8.count <= 254, parts.count == 2 else { return nil }
        let (local, domain) = (parts[0], parts[1])
        guard (1...64).contains(local.count), local.allSatisfy(Self.isLocal) else { return nil }
        let labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy(Self.isLabel) else { return nil }
        description = address
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte)
    }

    private static func isLocal(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || ".!#$%&'*+/=?^_`{|}~-".utf8.contains(byte)
    }

    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { isLetterOrDigit($0) || $0 == hyphen }
    }
}
