/// Reading of the `Cookie` header and writing of `Set-Cookie` (RFC 6265).
package enum Cookie {
    /// The value of the first cookie with this name; nil if there is none.
    package static func value(named name: String, in header: ArraySlice<UInt8>) -> String? {
        for pair in header.split(separator: UInt8(ascii: ";")) {
            let trimmed = pair.drop { $0 == UInt8(ascii: " ") }
            guard trimmed.starts(with: name.utf8) else { continue }
            let rest = trimmed.dropFirst(name.utf8.count)
            guard rest.first == UInt8(ascii: "=") else { continue }
            return String(validating: rest.dropFirst(), as: UTF8.self)
        }
        return nil
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
