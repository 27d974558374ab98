import MariaDB

/// Two words of a name that is looked for, which no one word can be both of.
///
/// Names with both are found in `order_name_pairs` and `invoice_name_pairs` by the first three letters of
/// each, whichever comes first.
struct NamePair: Sendable, Equatable {
    let first: NarrowingWord
    let second: NarrowingWord
    /// What the column `pair` has for them; few other pairs have the same.
    let key: Int64

    /// The key of two words; equal for what the collation holds for equal.
    static func key(_ first: SQL, _ second: SQL) -> SQL {
        "((\(weight(first)) + \(weight(second))) & 4294967295)"
    }

    private static func weight(_ word: SQL) -> SQL {
        "CRC32(WEIGHT_STRING(LEFT(\(word), 3)))"
    }

    /// What two rows `a` and `b` of the words of one name fit if they are a pair.
    static let isPair: SQL = """
        a.word < b.word AND CHAR_LENGTH(a.word) >= 3 AND CHAR_LENGTH(b.word) >= 3
        """
}
