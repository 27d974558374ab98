import Testing
import Web

@Suite("JSON text") struct JSONSerializationTests {
    @Test(
        "is compact, in order, and escapes what must be",
        arguments: [
            (["b": 1, "a": [true, .null]], #"{"b":1,"a":[true,null]}"#),
            (.integer(.min), "-9223372036854775808"),
            ("\"\\/\n\r\t\0\u{1F}\u{7F}ț", #""\"\\/\n\r\t\u0000\u001f\u007fț""#),
            (.number(.infinity), "null"), (.number(.nan), "null"), (.number(1.5), "1.5"),
        ] as [(JSON, String)]
    )
    func serializes(value: JSON, expected: String) {
        #expect(String(decoding: value.serialized(), as: UTF8.self) == expected)
    }

    @Test("reads back as the same value", arguments: 0..<8)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<250 {
            let value = random.json(depth: 5)
            let text = value.serialized()
            let read = try JSON(parsing: text)
            #expect(read == value)
            #expect(read.serialized() == text)
        }
    }

    @Test("equals another object with the same members in any order, and no other")
    func equality() {
        #expect(["a": 1, "b": 2] as JSON == ["b": 2, "a": 1])
        #expect(["a": 1] as JSON != ["a": 1, "b": 2])
        #expect(["a": 1, "b": 2] as JSON != ["a": 1, "c": 2])
        #expect([1, 2] as JSON != [2, 1])
        #expect(JSON.integer(1) != .number(1))
        #expect(JSON.null != false)
    }
}

extension SeededRandom {
    /// Any value, nested at most so deep.
    fileprivate mutating func json(depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &self) {
        case 0: return .null
        case 1: return .bool(.random(using: &self))
        case 2: return .integer(.random(in: .min ... .max, using: &self))
        case 3: return .integer(.random(in: -9...9, using: &self))
        case 4:
            let number = Double.random(in: -1e9...1e9, using: &self)
            return .number(number * (Bool.random(using: &self) ? 1e-200 : 1.5))
        case 5: return .string(text())
        case 6:
            let count = Int.random(in: 0..<4, using: &self)
            return .array((0..<count).map { _ in json(depth: depth - 1) })
        default:
            let count = Int.random(in: 0..<4, using: &self)
            return .object((0..<count).map { ("\($0)" + text(), json(depth: depth - 1)) })
        }
    }

    private mutating func text() -> String {
        let ranges: [ClosedRange<UInt32>] = [
            0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0x10FFFF,
        ]
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<6, using: &self) {
            let range = ranges[Int.random(in: 0..<ranges.count, using: &self)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &self)) {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}
