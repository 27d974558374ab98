import Testing

@testable import UBL

@Suite("Texts of documents") struct UBLTextTests {
    @Test(
        "are cleaned",
        arguments: [
            ("Ana  Popescu", "Ana Popescu"), (" \t\nAna\r\n", "Ana"),
            ("a\u{0}b\u{7}c\u{9F}", "abc"),
            ("a\u{A0}b\u{2028}c\u{85}d", "a b c d"), ("a\u{FFFE}\u{1FFFF}b", "ab"),
            ("Șapte „țări” <&> \"'", "Șapte „țări” <&> \"'"), ("\u{1F469}\u{200D}\u{1F4BB}", "👩‍💻"),
        ]
    )
    func cleans(text: String, clean: String) {
        #expect(UBLText.fitting(text, 100) == clean)
    }

    @Test(
        "are nothing where nothing is left",
        arguments: ["", " ", "\n\t", "\u{0}\u{1}", "\u{85}"]
    )
    func empty(text: String) {
        #expect(UBLText.fitting(text, 100) == nil)
    }

    @Test("are cut between letters as readers see them")
    func cuts() {
        // Three scalars an e with a comma and an acute; seven a family.
        #expect(UBLText.fitting("abé\u{326}c", 3) == "ab")
        #expect(UBLText.fitting("ab" + "e\u{301}\u{326}" + "c", 4) == "ab")
        #expect(UBLText.fitting("ab" + "e\u{301}\u{326}" + "c", 5) == "abe\u{301}\u{326}")
        let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}"
        #expect(UBLText.fitting(family + family, 13) == family)
        #expect(UBLText.fitting(family + family, 14) == family + family)
        #expect(UBLText.fitting("🇷🇴🇷🇴", 3) == "🇷🇴")
    }

    @Test("keep no blank at the cut")
    func blankAtCut() {
        #expect(UBLText.fitting("abc def", 4) == "abc")
    }

    @Test("are cut within a letter only if it alone is too long")
    func longLetter() {
        let letter = "a" + String(repeating: "\u{301}", count: 300)
        #expect(UBLText.fitting(letter, 200)?.unicodeScalars.count == 200)
        #expect(UBLText.fitting("x" + letter, 200) == "x")
    }

    @Test("fit, and begin as the whole does, whatever they are", arguments: 0..<20)
    func property(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let pieces = [
            "a", "ș", "s\u{326}", "\u{301}", "👨‍👩‍👧‍👦", "🇷🇴", "\u{200D}", " ", "\u{0}", "\r\n", "漢", "&",
        ]
        for _ in 0..<200 {
            let text = (0..<60).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let limit = Int.random(in: 1...70, using: &random)
            guard let whole = UBLText.fitting(text, .max) else { continue }
            let cut = try #require(UBLText.fitting(text, limit))
            #expect(cut.unicodeScalars.count <= limit)
            #expect(whole.unicodeScalars.starts(with: cut.unicodeScalars))
            #expect(UBLText.fitting(cut, limit) == cut)
            if cut != whole, let next = whole.dropFirst(cut.count).first {
                // No more would have fitted, but for a blank.
                let more = (cut + String(next)).unicodeScalars.count
                #expect(more > limit || next == " " || cut.unicodeScalars.count == limit)
            }
        }
    }
}
