/// Random numbers that can be repeated from a seed (SplitMix64); ids and faults draw from it.
///
/// Nothing here is a secret: the stand-in's tokens protect nothing.
struct RandomSource: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A text of `count` letters and digits.
    mutating func token(_ count: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<count).map { _ in alphabet[Int(next() % 62)] })
    }

    /// An id as Stripe writes them, such as `pi_3M…`.
    mutating func id(_ prefix: String) -> String {
        "\(prefix)_3S\(token(22))"
    }

    /// Whether an event of this probability happens now.
    mutating func happens(_ probability: Double) -> Bool {
        probability >= 1 || Double(next() >> 11) * 0x1p-53 < probability
    }
}
