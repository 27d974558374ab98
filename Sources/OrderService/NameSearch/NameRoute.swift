import MariaDB

/// How a search goes about a name.
enum NameRoute: Sendable, Equatable {
    /// All names with such a word, which are few, and then sorted.
    case fewWords(NarrowingWord)
    /// The names with such a word one after the other, the newest first, until the page is full.
    case manyWords(NarrowingWord)
    /// As those, the names with two such words.
    case pair(NamePair)

    /// The rows `w` that are read, by the index that has them in the order they are read in, or by
    /// another.
    func rows(of tables: NameTables, by index: SQL? = nil) -> SQL {
        switch self {
        case .fewWords: "\(tables.words) w FORCE INDEX (\(index ?? "PRIMARY"))"
        case .manyWords: "\(tables.words) w FORCE INDEX (\(index ?? tables.wordsByPrefix))"
        case .pair: "\(tables.pairs) w FORCE INDEX (\(index ?? "PRIMARY"))"
        }
    }

    /// What the rows fit.
    var condition: SQL {
        switch self {
        case .fewWords(let word): "w.word LIKE \(word.pattern)"
        case .manyWords(let word): word.condition
        case .pair(let pair):
            "w.pair = \(pair.key) AND w.prefix_bits & \(pair.bits) = \(pair.bits)"
        }
    }

    /// What the rows tell of the other words of a name.
    func signature(of name: NameWords) -> [SQL] {
        word == nil ? [] : name.signature
    }

    /// Whether the rows tell by themselves which names fit.
    func tells(_ name: NameWords?) -> Bool {
        word != nil && (name?.isToldByOneWord ?? true)
    }

    /// The word that the rows are of; nil if they are of two.
    var word: NarrowingWord? {
        switch self {
        case .fewWords(let word), .manyWords(let word): word
        case .pair: nil
        }
    }
}
