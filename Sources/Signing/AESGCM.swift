import CCrypto

/// Authenticated encryption with AES-256 in Galois/counter mode (NIST SP 800-38D).
///
/// A sealed box is
///
/// | bytes | what |
/// |---|---|
/// | 1 | version, now 1; authenticated |
/// | 12 | nonce, random |
/// | n | ciphertext, as long as the plaintext |
/// | 16 | tag |
///
/// Nonces are random, so one key may seal 2^32 boxes; then it must be changed.
package struct AESGCM: Sendable {
    static let tagCount = 16
    static let nonceCount = 12
    private static let version: UInt8 = 1

    private let key: [UInt8]

    /// Takes a key of 32 bytes.
    ///
    /// - Throws: `SigningError.invalidKeyLength` for any other length.
    package init(key: [UInt8]) throws(SigningError) {
        guard key.count == 32 else { throw .invalidKeyLength(key.count) }
        self.key = key
    }

    /// Encrypts `plaintext` and binds it to `context`, which is not stored in the box.
    package func seal(_ plaintext: [UInt8], authenticating context: [UInt8] = []) -> [UInt8] {
        let nonce = SecureRandom.bytes(Self.nonceCount)
        let sealed = encrypt(plaintext, nonce: nonce, authenticating: [Self.version] + context)
        return [Self.version] + nonce + sealed
    }

    /// Decrypts a box that was sealed with the same key for the same `context`.
    ///
    /// - Throws: `SigningError.malformedBox` or `.authenticationFailed`.
    package func open(
        _ box: [UInt8],
        authenticating context: [UInt8] = []
    ) throws(SigningError) -> [UInt8] {
        guard box.first == Self.version, box.count >= 1 + Self.nonceCount + Self.tagCount else {
            throw .malformedBox
        }
        let sealedStart = 1 + Self.nonceCount
        return try decrypt(
            [UInt8](box[sealedStart...]),
            nonce: [UInt8](box[1..<sealedStart]),
            authenticating: [Self.version] + context
        )
    }

    /// The ciphertext followed by the tag; a nonce must never be used twice with a key.
    func encrypt(_ plaintext: [UInt8], nonce: [UInt8], authenticating context: [UInt8]) -> [UInt8] {
        let cipher = CipherContext()
        let isReady = cipher.start(.encrypt, key: key, nonce: nonce, authenticating: context)
        var sealed = isReady ? cipher.update(plaintext) : nil
        if let tag = cipher.finishEncryption(tagCount: Self.tagCount) {
            sealed?.append(contentsOf: tag)
        } else {
            sealed = nil
        }
        guard let sealed else { preconditionFailure("libcrypto encrypts any bytes") }
        return sealed
    }

    /// The plaintext of a ciphertext followed by its tag.
    func decrypt(
        _ sealed: [UInt8],
        nonce: [UInt8],
        authenticating context: [UInt8]
    ) throws(SigningError) -> [UInt8] {
        let cipher = CipherContext()
        guard cipher.start(.decrypt, key: key, nonce: nonce, authenticating: context),
            let plaintext = cipher.update([UInt8](sealed.dropLast(Self.tagCount))),
            cipher.finishDecryption(tag: [UInt8](sealed.suffix(Self.tagCount)))
        else { throw .authenticationFailed }
        return plaintext
    }
}
