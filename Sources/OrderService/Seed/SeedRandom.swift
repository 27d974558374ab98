/// Random numbers that repeat with their seed (SplitMix64); nothing made of them is a secret.
///
/// It has its own ways to draw, because those of the standard library may change with it, and
/// the demo data would change with them.
struct SeedRandom: RandomNumberGenerator {
    private static let letters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8
    )

    private var state: UInt64

    /// Starts one of several independent sequences of a seed.
    init(seed: UInt64, sequence: UInt64) {
        state = Self.mixed(seed &+ Self.mixed(sequence &+ 1))
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of a range; its width is small beside 64 bits, so the bias does not matter.
    mutating func number(in range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound
            + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    mutating func index(below count: Int) -> Int {
        Int(next() % UInt64(count))
    }

    mutating func element<Element>(of elements: [Element]) -> Element {
        elements[index(below: elements.count)]
    }

    /// Whether something happens that happens so often in a hundred times.
    mutating func happens(percent: Int) -> Bool {
        index(below: 100) < percent
    }

    /// A text of letters and digits, as ids of others have.
    mutating func token(_ count: Int) -> String {
        String(unsafeUninitializedCapacity: count) { bytes in
            for place in 0..<count { bytes[place] = Self.letters[index(below: 62)] }
            return count
        }
    }
}

/// A shuffle of the numbers of 40 bits, so that random-looking numbers never repeat.
///
/// Each step can be undone: addition, multiplication by an odd number, and xor with the upper
/// half. So no memory of the numbers given is needed.
struct SeedShuffle {
    private static let mask: UInt64 = 0xFF_FFFF_FFFF
    private let key: UInt64

    init(seed: UInt64) {
        var random = SeedRandom(seed: seed, sequence: 0)
        key = random.next()
    }

    subscript(_ number: UInt64) -> UInt64 {
        var value = (number &+ key) & Self.mask
        for factor: UInt64 in [0x9E_3779_B97F, 0xBF_5847_6D1D, 0x94_D049_BB13] {
            value = (value &* factor) & Self.mask
            value ^= value >> 20
        }
        return value
    }
}
