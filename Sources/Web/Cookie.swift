/// Reading of the `Cookie` header and writing of `Set-Cookie` (RFC 6265).
package enum Cookie {
    /// What a header has of one name.
    package enum Found {
        case none
        case one(ArraySlice<UInt8>)
        /// More than one; which of them is meant, nobody can say.
        case several
    }

    /// The value of the one cookie with this name, byte for byte; names are case-sensitive.
    package static func find(_ name: String, in header: ArraySlice<UInt8>) -> Found {
        var found = Found.none
        var rest = header
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.endIndex
            let pair = rest[..<end].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            rest = rest[end...].dropFirst()
            guard pair.starts(with: name.utf8) else { continue }
            let value = pair.dropFirst(name.utf8.count)
            guard value.first == UInt8(ascii: "=") else { continue }
            guard case .none = found else { return .several }
            found = .one(value.dropFirst())
        }
        return found
    }

    /// A cookie that scripts cannot read and other sites cannot send.
    ///
    /// - Parameters:
    ///   - name: with the prefix `__Host-` only if `isSecure`, as the prefix demands it.
    ///   - value: without separators; tokens are base64url.
    ///   - maximumAge: lifetime in seconds; 0 deletes the cookie.
    ///   - isSecure: whether browsers may send it over TLS only.
    /// - Returns: the value of a `Set-Cookie` field.
    package static func strict(
        name: String,
        value: String,
        maximumAge: Int,
        isSecure: Bool
    ) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(maximumAge); HttpOnly; SameSite=Strict"
            + (isSecure ? "; Secure" : "")
    }
}
