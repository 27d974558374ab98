import MariaDB

/// Two words of a name that is looked for, which no one word can be both of.
///
/// Names with both are found in `order_name_pairs` and `invoice_name_pairs` by the first three letters of
/// each, whichever comes first; of letters four to six a row has a signature.
struct NamePair: Sendable, Equatable {
    let first: NarrowingWord
    let second: NarrowingWord
    /// What the column `pair` has for them; few other pairs have the same.
    let key: Int64
    /// What the column `prefix_bits` has for them and for few others.
    let bits: Int64

    /// The longest beginning of a word that a signature tells of.
    private static let longestPrefix = 6

    /// The key of two words; equal for what the collation holds for equal.
    static func key(_ first: SQL, _ second: SQL) -> SQL {
        "((\(hash(first, 3)) + \(hash(second, 3))) & 4294967295)"
    }

    /// The signature of two words of a name: a bit for each of their beginnings of four letters or more.
    static func bits(_ first: SQL, _ second: SQL) -> SQL {
        let lengths = (NameWords.prefixLength + 1)...longestPrefix
        return bits([first, second].flatMap { word in lengths.map { (word, $0) } })
    }

    /// The bits that the signature of a name has that has words with these beginnings.
    static func bits(ofBeginnings first: NarrowingWord, _ second: NarrowingWord) -> SQL {
        let beginnings = [(first, "a.word" as SQL), (second, "b.word")].flatMap { word, column in
            let length = min(word.text.unicodeScalars.count, longestPrefix)
            return (NameWords.prefixLength..<length).map { (column, $0 + 1) }
        }
        return bits(beginnings)
    }

    private static func bits(_ beginnings: [(word: SQL, length: Int)]) -> SQL {
        beginnings.reduce("0") { "\($0) | 1 << (\(hash($1.word, $1.length)) % 63)" }
    }

    private static func hash(_ word: SQL, _ length: Int) -> SQL {
        "CRC32(WEIGHT_STRING(LEFT(\(word), \(length))))"
    }

    /// What two rows `a` and `b` of the words of one name fit if they are a pair.
    static let isPair: SQL = """
        a.word < b.word AND CHAR_LENGTH(a.word) >= 3 AND CHAR_LENGTH(b.word) >= 3
        """
}
