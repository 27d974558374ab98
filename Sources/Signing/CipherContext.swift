import CCrypto

/// One encryption or decryption with AES-256-GCM in progress.
struct CipherContext: ~Copyable {
    enum Direction: CInt {
        case decrypt = 0
        case encrypt = 1
    }

    private struct Cipher: @unchecked Sendable {
        // Sendable because libcrypto's ciphers are immutable once fetched, and never freed here.
        let pointer: OpaquePointer
    }

    private static let cipher: Cipher = {
        guard let pointer = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil) else {
            preconditionFailure("libcrypto provides AES-256-GCM")
        }
        return Cipher(pointer: pointer)
    }()

    private let handle: OpaquePointer

    init() {
        guard let handle = EVP_CIPHER_CTX_new() else {
            preconditionFailure("there is memory for a cipher context")
        }
        self.handle = handle
    }

    deinit {
        EVP_CIPHER_CTX_free(handle)
    }

    /// The corresponding C functions are `EVP_CipherInit_ex2` and, without output,
    /// `EVP_CipherUpdate`.
    func start(
        _ direction: Direction,
        key: [UInt8],
        nonce: [UInt8],
        authenticating context: [UInt8]
    ) -> Bool {
        precondition(nonce.count == AESGCM.nonceCount, "a nonce has 12 bytes")
        guard
            EVP_CipherInit_ex2(handle, Self.cipher.pointer, key, nonce, direction.rawValue, nil)
                == 1
        else { return false }
        var written: CInt = 0
        return context.isEmpty
            || EVP_CipherUpdate(handle, nil, &written, context, CInt(context.count)) == 1
    }

    /// The corresponding C function is `EVP_CipherUpdate`.
    func update(_ input: [UInt8]) -> [UInt8]? {
        guard !input.isEmpty else { return [] }
        var output = [UInt8](repeating: 0, count: input.count)
        var written: CInt = 0
        let status = EVP_CipherUpdate(handle, &output, &written, input, CInt(input.count))
        return status == 1 && Int(written) == input.count ? output : nil
    }

    /// The tag; nil if something failed before.
    func finishEncryption(tagCount: Int) -> [UInt8]? {
        guard finish() else { return nil }
        var tag = [UInt8](repeating: 0, count: tagCount)
        let status = EVP_CIPHER_CTX_ctrl(handle, EVP_CTRL_AEAD_GET_TAG, CInt(tagCount), &tag)
        return status == 1 ? tag : nil
    }

    /// Whether `tag` fits key, nonce, context and ciphertext; if not, the output must be dropped.
    func finishDecryption(tag: [UInt8]) -> Bool {
        var tag = tag
        let status = EVP_CIPHER_CTX_ctrl(handle, EVP_CTRL_AEAD_SET_TAG, CInt(tag.count), &tag)
        return status == 1 && finish()
    }

    /// The corresponding C function is `EVP_CipherFinal_ex`.
    private func finish() -> Bool {
        // GCM has no last block to write, but the function wants a place for one.
        var last = [UInt8](repeating: 0, count: 16)
        var written: CInt = 0
        return EVP_CipherFinal_ex(handle, &last, &written) == 1
    }
}
