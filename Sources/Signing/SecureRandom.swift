import CCrypto

/// Random values that nobody can foresee, from libcrypto's generator.
package enum SecureRandom {
    /// Fresh random bytes.
    ///
    /// The corresponding C function is `RAND_bytes`. Without a working generator the process
    /// ends: a predictable token would be worse.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            precondition(
                RAND_bytes(buffer.baseAddress, CInt(count)) == 1,
                "libcrypto's random generator is seeded"
            )
            initialized = count
        }
    }

    /// A bearer token: `prefix` and 256 random bits as 43 characters of base64url.
    package static func token(prefix: String) -> String {
        prefix + Base64URL.encode(bytes(32))
    }

    /// A number in `0..<bound`, each equally likely; `bound` is at least 1.
    package static func uniform(below bound: Int) -> Int {
        var generator = Generator()
        return Int.random(in: 0..<bound, using: &generator)
    }

    private struct Generator: RandomNumberGenerator {
        mutating func next() -> UInt64 {
            SecureRandom.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
