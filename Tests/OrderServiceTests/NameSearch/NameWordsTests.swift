import MariaDB
import Testing

@testable import OrderService

@Suite("Words of a name") struct NameWordsTests {
    @Test(
        "are letters and digits, without marks, each once",
        arguments: [
            ("Ion Popescu", ["Ion", "Popescu"]), ("  ana--maria ", ["ana", "maria"]),
            ("S\u{326}tefan", ["Stefan"]), ("O’Brien", ["O", "Brien"]), ("a a b", ["a", "b"]),
            ("x_y%z\\w", ["x", "y", "z", "w"]), ("Li3", ["Li3"]), ("李 明", ["李", "明"]),
        ] as [(String, [String])]
    )
    func split(text: String, words: [String]) {
        #expect(NameWords(text)?.words == words)
    }

    @Test("are one to eight", arguments: ["", " ", "%", "\u{326}", "a b c d e f g h i"])
    func refuses(text: String) {
        #expect(NameWords(text) == nil)
    }

    @Test("narrow a search by those of three letters, or by the longest as a whole word")
    func narrowing() {
        #expect(
            NameWords("li ana wu popescu")?.narrowing == [
                NarrowingWord(text: "ana", isWhole: false),
                NarrowingWord(text: "popescu", isWhole: false),
            ]
        )
        #expect(NameWords("w li")?.narrowing == [NarrowingWord(text: "li", isWhole: true)])
        #expect(NameWords("w li")?.patterns == ["% w%", "% li %"])
        let long = NarrowingWord(text: String(repeating: "ș", count: 40), isWhole: false)
        #expect(long.pattern == String(repeating: "ș", count: 32) + "%")
        #expect(long.condition == "w.prefix = \("șșș") AND w.word LIKE \(long.pattern)")
    }
}
