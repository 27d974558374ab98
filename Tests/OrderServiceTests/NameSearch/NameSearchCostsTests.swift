import Testing

@testable import OrderService

@Suite("Costs of a search by name") struct NameSearchCostsTests {
    private static let first = NarrowingWord(text: "ion", isWhole: false)
    private static let second = NarrowingWord(text: "popescu", isWhole: false)
    private static let both = NamePair(first: first, second: second, key: 1, bits: 0)

    /// With 5,000,000 orders.
    private static func route(
        inTime: Int = 5_000_000,
        inState: Int? = nil,
        first: (number: Int, withPrefix: Int),
        second: (number: Int, withPrefix: Int)? = nil,
        pair: Int? = nil
    ) -> NameRoute? {
        let one = NameSearchCosts.Word(
            word: Self.first,
            number: first.number,
            withPrefix: first.withPrefix
        )
        let other = second.map {
            NameSearchCosts.Word(word: Self.second, number: $0.number, withPrefix: $0.withPrefix)
        }
        return NameSearchCosts(
            all: 5_000_000,
            inTime: inTime,
            inState: inState ?? inTime,
            words: [one] + (other.map { [$0] } ?? []),
            pairs: pair.map { [.init(pair: both, number: $0)] } ?? [],
            isToldByWord: inState == nil && second == nil && pair == nil
        ).route
    }

    @Test("of one word are least along its rows, or along its first letters")
    func oneWord() {
        #expect(Self.route(first: (100, 90_000)) == .fewWords(Self.first))
        #expect(Self.route(first: (60_000, 90_000)) == .manyWords(Self.first))
        #expect(Self.route(first: (300_000, 350_000)) == .manyWords(Self.first))
    }

    @Test("of one word and a state are least along the state where that is rare")
    func state() {
        // A frequent name in a rare state.
        #expect(Self.route(inState: 1_000, first: (300_000, 700_000)) == nil)
        #expect(Self.route(inState: 10_000, first: (10_000, 12_000)) == nil)
        // A rare name in a frequent state, and in a rare one.
        #expect(Self.route(inState: 4_000_000, first: (100, 90_000)) == .fewWords(Self.first))
        #expect(Self.route(inState: 28_000, first: (3_000, 90_000)) == .fewWords(Self.first))
        // Both are frequent: the page is soon full.
        #expect(Self.route(inState: 4_000_000, first: (300_000, 350_000)) == .manyWords(Self.first))
    }

    @Test("of a day are least along the first letters in it, or along the few rows of all days")
    func day() {
        #expect(Self.route(inTime: 3_000, first: (3_000, 700_000)) == .manyWords(Self.first))
        #expect(Self.route(inTime: 3_000, first: (10, 700_000)) == .fewWords(Self.first))
    }

    @Test("of two words are least along both, unless one of them is rare")
    func twoWords() {
        // Two frequent ones that are seldom together, or never.
        let frequent = (number: 150_000, withPrefix: 200_000)
        #expect(Self.route(first: frequent, second: frequent, pair: 8_000) == .pair(Self.both))
        #expect(Self.route(first: frequent, second: frequent, pair: 0) == .pair(Self.both))
        #expect(
            Self.route(inState: 100_000, first: frequent, second: frequent, pair: 3_000)
                == .pair(Self.both)
        )
        #expect(Self.route(inState: 500, first: frequent, second: frequent, pair: 3_000) == nil)
        let rare = (number: 5, withPrefix: 300_000)
        #expect(
            Self.route(first: frequent, second: rare, pair: 9_000) == .fewWords(Self.second)
        )
    }

    @Test("of a word and an initial are least along both, unless they are frequent together")
    func initial() {
        #expect(Self.route(first: (60_000, 300_000), pair: 3) == .pair(Self.both))
        #expect(Self.route(first: (60_000, 60_000), pair: 30_000) == .pair(Self.both))
        #expect(Self.route(first: (2, 300_000), pair: 30_000) == .fewWords(Self.first))
    }

    @Test("are known where there is nothing")
    func nothing() {
        let word = NameSearchCosts.Word(word: Self.first, number: 0, withPrefix: 0)
        let costs = NameSearchCosts(
            all: 0,
            inTime: 0,
            inState: 0,
            words: [word],
            pairs: [],
            isToldByWord: true
        )
        #expect(costs.route == nil)
    }
}
