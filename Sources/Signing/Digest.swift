/// The 32 bytes of a SHA-256 hash or authentication code, as a value without a heap allocation.
///
/// `==` is for look-ups; whoever checks a secret compares with `constantTimeEquals`.
package struct Digest: Sendable, Hashable {
    package static let count = 32

    // The bytes in the order of the hash, seen as four words in the machine's byte order.
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// Lets `body` fill the 32 bytes.
    init(filledBy body: (UnsafeMutableRawBufferPointer) -> Void) {
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words, body)
    }

    /// Takes over 32 bytes, for instance from a database column; nil for another count.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Digest.count else { return nil }
        self.init { $0.copyBytes(from: bytes) }
    }

    package var bytes: [UInt8] {
        withUnsafeBytes(of: words) { [UInt8]($0) }
    }

    /// A quarter of the digest, 0 to 3, as a number: for tables that hashes index.
    package subscript(word index: Int) -> UInt64 {
        switch index {
        case 0: words.0
        case 1: words.1
        case 2: words.2
        default: words.3
        }
    }

    /// The digest in 64 lower-case hexadecimal digits.
    package var hex: String {
        withUnsafeBytes(of: words) { Hex.encode($0) }
    }

    /// Writes the 64 lower-case hexadecimal digits to the end of `buffer`, without a `String`.
    package func appendHex(to buffer: inout [UInt8]) {
        withUnsafeBytes(of: words) { Hex.append($0, to: &buffer) }
    }

    package static func == (first: Digest, second: Digest) -> Bool {
        first.words == second.words
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
