import Signing

/// What staff and records call a guest's token by: made of its hash one way, so that it opens
/// nothing.
///
/// In SQL it is `CONCAT('gtk_', LEFT(SHA2(token_hash, 256), 32))`.
struct GuestTokenID: Sendable, Hashable, CustomStringConvertible {
    private static let prefix = "gtk_"
    private static let digits = 32

    /// Such as `gtk_` and 32 hexadecimal digits.
    let description: String

    init(ofHash hash: Digest) {
        description = Self.prefix + SHA256.digest(hash.bytes).hex.prefix(Self.digits)
    }
}
