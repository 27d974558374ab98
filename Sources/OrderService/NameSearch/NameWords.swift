import MariaDB

/// The words of a name that is looked for, each of which begins a word of an order's name, or of an
/// invoice's buyer's.
///
/// Words are parted as the columns `orders.name_words` and `invoices.buyer_words` part them: marks are
/// dropped, and whatever is neither letter nor digit is a gap. So a word has no wildcard of `LIKE`. Case and accents are left to
/// the column's collation, which compares neither.
struct NameWords: Sendable, Equatable {
    /// Each word once at most, in the order they were given; never empty.
    let words: [String]

    /// A word from this length on is the beginning of one; alone, a shorter one is a whole word.
    static let prefixLength = 3
    /// What a word of `order_name_words` and of `invoice_name_words` is cut to.
    static let wordLength = 32
    private static let mostWords = 8

    /// Reads a name; nil if there is no word in it, or more than eight.
    init?(_ text: String) {
        var found: [String] = []
        for word in Self.split(text) where !found.contains(word) { found.append(word) }
        guard (1...Self.mostWords).contains(found.count) else { return nil }
        words = found
    }

    private static func split(_ text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .spacingMark, .enclosingMark:
                continue
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter,
                .otherLetter, .decimalNumber, .letterNumber, .otherNumber:
                word.append(scalar)
            default:
                if !word.isEmpty { words.append(String(word)) }
                word = String.UnicodeScalarView()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }

    /// Those that narrow a search by themselves: all that are long enough, or else the longest.
    var narrowing: [NarrowingWord] {
        let long = words.filter(Self.isLong)
        if !long.isEmpty { return long.map { NarrowingWord(text: $0, isWhole: false) } }
        let longest = words.max { $0.unicodeScalars.count < $1.unicodeScalars.count }
        return longest.map { [NarrowingWord(text: $0, isWhole: true)] } ?? []
    }

    /// Those too short to narrow, where there are others that do.
    var short: [NarrowingWord] {
        guard words.contains(where: Self.isLong) else { return [] }
        return words.filter { !Self.isLong($0) }.map { NarrowingWord(text: $0, isWhole: false) }
    }

    private static func isLong(_ word: String) -> Bool {
        word.unicodeScalars.count >= prefixLength
    }

    /// What the column `name_bits` of the words `w` of a name with all these words has to fit; so do
    /// those of few others.
    var signature: [SQL] {
        words.filter(Self.isLong).map { word in
            "w.name_bits & \(Self.bit(of: "\(word) COLLATE utf8mb4_uca1400_ai_ci")) <> 0"
        }
    }

    /// The bit that a word's beginning sets in `name_bits`; equal for what the collation holds for equal.
    static func bit(of word: SQL) -> SQL {
        "(1 << (CRC32(WEIGHT_STRING(LEFT(\(word), 3))) & 63))"
    }

    /// Whether the rows of one word show by themselves which names fit.
    var isToldByOneWord: Bool {
        words.count == 1 && words[0].unicodeScalars.count <= Self.wordLength
    }

    /// Patterns of `LIKE` for all words of a name, each of which has to match.
    var patterns: [String] {
        let isWhole = narrowing.first?.isWhole ?? false
        return words.map { word in
            isWhole && word == narrowing.first?.text ? "% \(word) %" : "% \(word)%"
        }
    }
}

/// A word by which names are found in `order_name_words` and `invoice_name_words`.
struct NarrowingWord: Sendable, Equatable {
    let text: String
    /// Whether it is the word itself that is looked for, and not its beginning.
    let isWhole: Bool

    /// The text as far as a row's word goes.
    var cut: String { text.cut(toVarChar: NameWords.wordLength) }

    /// A pattern of `LIKE` for the column `word`.
    var pattern: String { isWhole ? cut : "\(cut)%" }

    /// What rows `w` of such words fit, for an index by `prefix`.
    var condition: SQL { "\(prefixCondition) AND w.word LIKE \(pattern)" }

    /// What rows `w` of words with the same beginning fit.
    var prefixCondition: SQL { "w.prefix = \(text.cut(toVarChar: NameWords.prefixLength))" }
}
