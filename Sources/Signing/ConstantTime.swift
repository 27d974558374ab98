import CCrypto

/// Compares two secrets in a time that depends on their lengths alone.
///
/// The corresponding C function is `CRYPTO_memcmp`.
///
/// - Returns: false for different lengths, at once: a length is not a secret.
package func constantTimeEquals(
    _ first: some Collection<UInt8>,
    _ second: some Collection<UInt8>
) -> Bool {
    let first = [UInt8](first)
    let second = [UInt8](second)
    return first.count == second.count && CRYPTO_memcmp(first, second, first.count) == 0
}

/// Compares two digests in constant time.
package func constantTimeEquals(_ first: Digest, _ second: Digest) -> Bool {
    constantTimeEquals(first.bytes, second.bytes)
}
