import MariaDB
import Resilience

/// Finds out how a search by name goes about it, by how many rows each way has to read.
struct NameSurvey: Sendable {
    let database: Database
    let tables: NameTables

    /// Of so many words at most, the rarest, each two are asked about.
    private static let mostWords = 3

    /// What the names are of: statements that read each of them.
    struct Population: Sendable {
        let all: SQL
        /// Those in the stretch of time.
        let inTime: SQL
        /// Those in the stretch of time that have the state.
        let inState: SQL
        let hasState: Bool
    }

    /// How many rows each way has.
    func costs(
        of name: NameWords,
        among population: Population,
        until deadline: Deadline
    ) throws -> NameSearchCosts {
        let narrowing = name.narrowing
        let numbers = try database.estimates(
            [population.all, population.inTime, population.inState]
                + narrowing.flatMap { [rows(of: $0), rowsByPrefix(of: $0)] },
            until: deadline
        )
        let words = narrowing.indices.map { index in
            NameSearchCosts.Word(
                word: narrowing[index],
                number: numbers[3 + 2 * index],
                withPrefix: numbers[4 + 2 * index]
            )
        }
        return NameSearchCosts(
            all: numbers[0],
            inTime: numbers[1],
            inState: numbers[2],
            words: words,
            pairs: try pairs(of: words, and: name.short, until: deadline),
            isToldByWord: name.isToldByOneWord && !population.hasState
        )
    }

    /// The word that fewest names have; nil if none narrows.
    func rarest(of name: NameWords, until deadline: Deadline) throws -> NarrowingWord? {
        let words = name.narrowing
        guard words.count > 1 else { return words.first }
        let numbers = try database.estimates(words.map(rows), until: deadline)
        return zip(words, numbers).min { $0.1 < $1.1 }?.0
    }

    private func pairs(
        of words: [NameSearchCosts.Word],
        and short: [NarrowingWord],
        until deadline: Deadline
    ) throws -> [NameSearchCosts.Pair] {
        let rarest = words.sorted { $0.number < $1.number }.prefix(Self.mostWords).map(\.word)
        let pairs = try rarest.indices.flatMap { first in
            let others = rarest[(first + 1)...] + short.prefix(first == 0 ? Self.mostWords : 0)
            return try others.compactMap { try pair(rarest[first], $0, until: deadline) }
        }
        guard !pairs.isEmpty else { return [] }
        let numbers = try database.estimates(
            pairs.map {
                "SELECT 1 FROM \(tables.pairs) FORCE INDEX (PRIMARY) WHERE pair = \($0.key)"
            },
            until: deadline
        )
        return zip(pairs, numbers).map { NameSearchCosts.Pair(pair: $0, number: $1) }
    }

    /// Nil if one is the beginning of the other, or kept as the same word: then a name may fit with one row
    /// for both.
    private func pair(
        _ first: NarrowingWord,
        _ second: NarrowingWord,
        until deadline: Deadline
    ) throws -> NamePair? {
        try database.query(
            """
            SELECT \(NamePair.key("a.word", "b.word", letters: NamePair.letters(of: second))) AS pair,
                \(NamePair.bits(ofBeginnings: first, second)) AS prefix_bits
            FROM (SELECT \(first.cut) COLLATE utf8mb4_uca1400_ai_ci AS word) AS a,
                (SELECT \(second.cut) COLLATE utf8mb4_uca1400_ai_ci AS word) AS b
            WHERE a.word <> b.word
                AND a.word NOT LIKE CONCAT(b.word, '%') AND b.word NOT LIKE CONCAT(a.word, '%')
            """,
            class: .search,
            until: deadline
        ).first.map { row in
            NamePair(
                first: first,
                second: second,
                key: try row.int64("pair"),
                bits: try row.int64("prefix_bits")
            )
        }
    }

    private func rows(of word: NarrowingWord) -> SQL {
        "SELECT 1 FROM \(tables.words) w FORCE INDEX (PRIMARY) WHERE w.word LIKE \(word.pattern)"
    }

    private func rowsByPrefix(of word: NarrowingWord) -> SQL {
        """
        SELECT 1 FROM \(tables.words) w FORCE INDEX (\(tables.wordsByPrefix))
        WHERE \(word.prefixCondition)
        """
    }
}
