import CCrypto
import Glibc

/// The hash function SHA-256 (FIPS 180-4).
package enum SHA256 {
    /// The hash of `bytes`.
    package static func digest(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    /// The hash of the bytes in view, which are not copied.
    package static func digest(_ bytes: RawSpan) -> Digest {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    /// The hash of a sequence of bytes, such as a slice or the UTF-8 of a string.
    package static func digest(_ bytes: some Sequence<UInt8>) -> Digest {
        bytes.withContiguousStorageIfAvailable { digest(of: UnsafeRawBufferPointer($0)) }
            ?? digest([UInt8](bytes))
    }

    /// The corresponding C functions are `EVP_DigestInit_ex2`, `EVP_DigestUpdate` and
    /// `EVP_DigestFinal_ex`.
    private static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
        let context = DigestContext.ofThisThread()
        return Digest { digest in
            let output = digest.assumingMemoryBound(to: UInt8.self).baseAddress
            let isDone =
                EVP_DigestInit_ex2(context, DigestContext.method.pointer, nil) == 1
                && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
                && EVP_DigestFinal_ex(context, output, nil) == 1
            precondition(isDone, "libcrypto hashes any bytes")
        }
    }
}

/// The hashing state that each thread keeps for itself, and the method that all share.
///
/// Fetching the method for each hash costs three times the hash of a token.
private enum DigestContext {
    /// The method SHA-256, fetched once.
    struct Method: @unchecked Sendable {
        // Sendable because libcrypto's methods are immutable once fetched, and never freed here.
        let pointer: OpaquePointer
    }

    static let method: Method = {
        guard let pointer = EVP_MD_fetch(nil, "SHA256", nil) else {
            preconditionFailure("libcrypto provides SHA-256")
        }
        return Method(pointer: pointer)
    }()

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = pthread_key_create(&key) { context in
            EVP_MD_CTX_free(OpaquePointer(context))
        }
        precondition(status == 0, "a process has room for one more thread-specific key")
        return key
    }()

    static func ofThisThread() -> OpaquePointer {
        if let kept = pthread_getspecific(key) { return OpaquePointer(kept) }
        guard let context = EVP_MD_CTX_new() else {
            preconditionFailure("there is memory for a digest context")
        }
        pthread_setspecific(key, UnsafeRawPointer(context))
        return context
    }
}
