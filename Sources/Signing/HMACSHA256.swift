import CCrypto

/// Message authentication codes by HMAC with SHA-256 (RFC 2104).
package enum HMACSHA256 {
    /// The authentication code of `message` under `key`, both of any length.
    ///
    /// The corresponding C function is `HMAC`.
    package static func authenticationCode(for message: [UInt8], key: [UInt8]) -> Digest {
        Digest { code in
            let output = code.assumingMemoryBound(to: UInt8.self).baseAddress
            // `HMAC` takes no key at all for «the key of last time», so an empty key, whose
            // address may be nil, is replaced by its equal: zeros, to which any key is padded.
            let key = key.isEmpty ? [0] : key
            let result = HMAC(
                EVP_sha256(),
                key,
                CInt(key.count),
                message,
                message.count,
                output,
                nil
            )
            precondition(result != nil, "libcrypto authenticates any bytes")
        }
    }
}
