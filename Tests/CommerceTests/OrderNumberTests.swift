import Commerce
import Testing

@Suite("Order number") struct OrderNumberTests {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    @Test("reads back what it writes", arguments: 0..<4)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let number = OrderNumber(random: random.next())
            let text = number.description
            #expect(text.count == 14 && text.hasPrefix("RO-"))
            #expect(text.dropFirst(3).allSatisfy { $0 == "-" || Self.alphabet.contains($0) })
            #expect(OrderNumber(parsing: text) == number)
        }
    }

    @Test("uses forty bits, and different numbers for different bits")
    func usesBits() {
        var seen: Set<String> = [OrderNumber(random: 0).description]
        for bit in 0..<40 { seen.insert(OrderNumber(random: 1 << UInt64(bit)).description) }
        #expect(seen.count == 41)
        #expect(OrderNumber(random: 1 << 40) == OrderNumber(random: 0))
    }

    @Test("finds every single wrong character", arguments: 0..<20)
    func findsErrors(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let text = Array(OrderNumber(random: random.next()).description)
        for place in 3..<text.count where text[place] != "-" {
            for character in Self.alphabet where character != text[place] {
                var wrong = text
                wrong[place] = character
                #expect(OrderNumber(parsing: String(wrong)) == nil)
            }
        }
    }

    @Test("finds nearly every swap of two neighbours")
    func findsSwaps() {
        var random = SeededRandom(seed: 5)
        var swaps = 0
        var found = 0
        for _ in 0..<2_000 {
            var text = Array(OrderNumber(random: random.next()).description)
            guard text[4] != text[5] else { continue }
            text.swapAt(4, 5)
            swaps += 1
            if OrderNumber(parsing: String(text)) == nil { found += 1 }
        }
        #expect(swaps > 1_000)
        #expect(found * 100 >= swaps * 99)
    }

    @Test("is forgiving of how people write it")
    func isForgiving() throws {
        let number = OrderNumber(random: 0x12_3456_7801)
        let text = number.description
        let bare = text.filter { $0 != "-" }
        #expect(OrderNumber(parsing: text.lowercased()) == number)
        #expect(OrderNumber(parsing: "  \(bare) ") == number)
        #expect(OrderNumber(parsing: bare.map { "\($0) " }.joined()) == number)
        let zeros = OrderNumber(random: 0)
        let ones = OrderNumber(random: 0b00001_00001_00001)
        #expect(
            OrderNumber(parsing: "RO" + zeros.description.dropFirst(2).replacing("0", with: "o"))
                == zeros
        )
        #expect(
            OrderNumber(parsing: "RO" + ones.description.dropFirst(2).replacing("1", with: "l"))
                == ones
        )
        #expect(
            OrderNumber(parsing: "RO" + ones.description.dropFirst(2).replacing("1", with: "I"))
                == ones
        )
    }

    @Test(
        "refuses every other form",
        arguments: [
            "", "RO", "RO-", "RO-0000-0000", "XX-0000-0000-0", "RO-0000-0000-00", "RO-000U-0000-0",
            "RO-0000-0000-ț",
        ]
    )
    func refuses(text: String) {
        #expect(OrderNumber(parsing: text) == nil)
    }
}
