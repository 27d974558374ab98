import MariaDB
import Signing

/// The name of a session that is no secret: it can be listed and revoked by it, not used.
package struct SessionID: Sendable, Hashable {
    private static let prefix = "ses_"
    private static let count = 16

    let bytes: [UInt8]

    /// A new one, which nobody can foresee.
    init() {
        bytes = SecureRandom.bytes(Self.count)
    }

    /// Takes over what a row has; nil for another length.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.count else { return nil }
        self.bytes = bytes
    }

    /// Reads the text of an id; nil for whatever is none.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix),
            let bytes = Base64URL.decode(String(text.dropFirst(Self.prefix.count)))
        else { return nil }
        self.init(bytes: bytes)
    }

    /// The id as callers see it: `ses_` and 22 characters of base64url.
    package var text: String { Self.prefix + Base64URL.encode(bytes) }
}
