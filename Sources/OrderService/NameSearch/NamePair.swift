import MariaDB

/// Two words of a name that is looked for, which no one word can be both of.
///
/// Names with both are found in `order_name_pairs` and `invoice_name_pairs` by the first three letters of
/// each, whichever comes first, or by those of the one and the initial of the other, if less than three are
/// given of it; of letters four to six a row has a signature.
struct NamePair: Sendable, Equatable {
    /// One of three letters at least.
    let first: NarrowingWord
    let second: NarrowingWord
    /// What the column `pair` has for them; few other pairs have the same.
    let key: Int64
    /// What the column `prefix_bits` has for them and for few others.
    let bits: Int64

    /// How long the beginnings of a word are that a signature tells of.
    private static let signed = 4...6

    /// The key of two words, by so many letters of the second; equal for what the collation holds for equal.
    static func key(_ first: SQL, _ second: SQL, letters: SQL) -> SQL {
        "((\(hash(first, "3")) + \(hash(second, letters))) & 4294967295)"
    }

    /// By how many letters of a word it is a pair with another.
    static func letters(of word: NarrowingWord) -> SQL {
        word.text.unicodeScalars.count < NameWords.prefixLength ? "1" : "3"
    }

    /// The signature of two words of a name: a bit for each of their beginnings of four letters or more.
    static func bits(_ first: SQL, _ second: SQL) -> SQL {
        bits([first, second].flatMap { word in signed.map { (word, $0) } })
    }

    /// The bits that the signature of a name has that has words with these beginnings.
    static func bits(ofBeginnings first: NarrowingWord, _ second: NarrowingWord) -> SQL {
        let beginnings = [(first, "a.word" as SQL), (second, "b.word")].flatMap { word, column in
            let length = word.text.unicodeScalars.count
            return signed.filter { $0 <= length }.map { (column, $0) }
        }
        return bits(beginnings)
    }

    private static func bits(_ beginnings: [(word: SQL, length: Int)]) -> SQL {
        beginnings.reduce("0") { "\($0) | 1 << (\(hash($1.word, "\($1.length)")) % 63)" }
    }

    private static func hash(_ word: SQL, _ length: SQL) -> SQL {
        "CRC32(WEIGHT_STRING(LEFT(\(word), \(length))))"
    }

    /// By how many letters of the second word two words are a pair, as rows of `by_letters`.
    static let letters: SQL = "(SELECT 3 AS letters UNION ALL SELECT 1) AS by_letters"

    /// What two rows `a` and `b` of the words of one name fit if they are a pair by so many letters.
    static let isPair: SQL = """
        a.word <> b.word AND CHAR_LENGTH(a.word) >= 3
            AND (letters = 1 OR a.word < b.word AND CHAR_LENGTH(b.word) >= 3)
        """
}
