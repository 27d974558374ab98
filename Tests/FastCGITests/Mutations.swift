import OrderServiceTesting

/// A generator whose sequence is fixed by its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// Sequences of real records, changed at random.
struct Mutations {
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    /// The records of what a connection may see, unchanged.
    mutating func records() -> [[UInt8]] {
        (0..<number(1...3)).flatMap { _ in exchange() }
    }

    private mutating func exchange() -> [[UInt8]] {
        let id = UInt16(number(1...3))
        let body = [UInt8](repeating: 0x41, count: number(0...4) * number(0...90))
        switch number(0...9) {
        case 0: return [FastCGIRecords.record(9, id: 0, [14, 0] + Array("FCGI_MAX_CONNS".utf8))]
        case 1: return [FastCGIRecords.record(UInt8(number(0...255)), id: 0, body)]
        case 2: return [FastCGIRecords.begin(id: id), FastCGIRecords.abort(id: id)]
        case 3: return [FastCGIRecords.begin(id: id, role: UInt16(number(0...4)))]
        default:
            let pairs = [
                (name: "REQUEST_METHOD", value: body.isEmpty ? "GET" : "POST"),
                (name: "REQUEST_URI", value: "/mutated"),
                (name: "CONTENT_LENGTH", value: body.isEmpty ? "" : String(body.count)),
                (name: "HTTP_COOKIE", value: String(repeating: "c", count: number(0...200))),
            ]
            let block = FastCGIRecords.parameters(id: id, pairs)
            let input = FastCGIRecords.stream(
                5,
                id: id,
                body,
                pieceLength: number(1...200),
                padding: number(0...9)
            )
            return [FastCGIRecords.begin(id: id, keepsConnection: number(0...3) > 0), block, input]
        }
    }

    /// Bytes with a few changes, from none to many.
    mutating func bytes() -> [UInt8] {
        var records = records()
        for _ in 0..<number(0...2) { changeOrder(&records) }
        var bytes = records.flatMap(\.self)
        for _ in 0..<number(0...4) where !bytes.isEmpty { change(&bytes) }
        return bytes
    }

    private mutating func changeOrder(_ records: inout [[UInt8]]) {
        guard !records.isEmpty else { return }
        let index = number(0...records.count - 1)
        let other = number(0...records.count - 1)
        switch number(0...3) {
        case 0: records.remove(at: index)
        case 1: records.insert(records[index], at: other)
        case 2: records.swapAt(index, other)
        default: break
        }
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let index = number(0...bytes.count - 1)
        switch number(0...6) {
        case 0: bytes[index] ^= 1 << UInt8(number(0...7))
        case 1: bytes[index] = UInt8(number(0...255))
        case 2: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF][number(0...4)]
        case 3: bytes.removeSubrange(index...)
        case 4: bytes.removeSubrange(index..<min(index + number(1...9), bytes.count))
        case 5: bytes.insert(contentsOf: bytes[index..<min(index + 8, bytes.count)], at: index)
        default:
            // The fields of the first header, where a change matters most.
            bytes[min(number(0...7), bytes.count - 1)] = UInt8(number(0...255))
        }
    }
}
