/// What the ways of a search by name cost, by how many rows there are of each kind.
///
/// A walk that begins with the newest ends with the page; of n rows, of which m fit, it reads p·n/m for
/// p of them, and never more than there are.
struct NameSearchCosts: Sendable {
    struct Word: Sendable {
        let word: NarrowingWord
        let number: Int
        /// Of words that begin with the same three letters.
        let withPrefix: Int

        /// Which part of those with its first three letters it is.
        fileprivate var share: Double {
            min(1, Double(number) / Double(max(1, withPrefix)))
        }
    }

    struct Pair: Sendable {
        let pair: NamePair
        let number: Int
    }

    /// All that the names are of, orders or invoices.
    let all: Int
    /// Those in the stretch of time.
    let inTime: Int
    /// Those in the stretch of time that have the state.
    let inState: Int
    /// The words that narrow; at least one.
    let words: [Word]
    let pairs: [Pair]
    /// Whether a row of the words tells by itself that all fits.
    let isToldByWord: Bool

    private static let page = 20.0
    /// One row in so many has by chance the signature of words that it has not.
    private static let signedByChance = 30.0
    /// The newest may be those that do not fit: such a part of all that there is to walk is counted besides.
    private static let risk = 0.05

    // In microseconds, measured with 5,000,000 orders; only how they compare matters.
    private static let entry = 1.3
    private static let wordByPrefix = 0.7
    private static let word = 0.5
    private static let pair = 0.5
    /// To look up the name and the state of a row.
    private static let lookUp = 4.0

    /// The cheapest; nil if it is along the index of the state, or of the time.
    var route: NameRoute? {
        var best: (route: NameRoute?, cost: Double) = (
            nil, Self.entry * reads(of: Double(inState))
        )
        for (route, cost) in words.flatMap(costs) + pairs.map(cost) where cost < best.cost {
            best = (route, cost)
        }
        return best.route
    }

    private func costs(of word: Word) -> [(NameRoute, Double)] {
        let number = Double(word.number)
        let lookedUp = isToldByWord ? 0 : words.count > 1 ? signed(by: number) : number
        let few = Self.word * number + Self.lookUp * max(lookedUp, named)
        let walked = reads(of: Double(word.withPrefix) * timeShare)
        let share = lookedUp / Double(max(1, word.withPrefix))
        let many = (Self.wordByPrefix + Self.lookUp * min(1, share)) * walked
        return [(.fewWords(word.word), few), (.manyWords(word.word), many)]
    }

    private func cost(of pair: Pair) -> (NameRoute, Double) {
        let walked = reads(of: Double(pair.number) * timeShare)
        let share = signed(by: Double(pair.number)) / Double(max(1, pair.number))
        return (.pair(pair.pair), (Self.pair + Self.lookUp * min(1, share)) * walked)
    }

    /// How many of so many rows are read until the page is full.
    private func reads(of rows: Double) -> Double {
        let fitting = named * Double(inState) / Double(max(1, all))
        return min(rows, Self.page * rows / max(1, fitting)) + Self.risk * rows
    }

    /// How many names have such words, at any time and in any state.
    private var named: Double {
        let rarest = Double(words.map(\.number).min() ?? 0)
        let shares = words.map(\.share)
        let both = pairs.map { pair in
            let ofPair = zip(words, shares).filter { word, _ in
                word.word == pair.pair.first || word.word == pair.pair.second
            }
            return ofPair.reduce(Double(pair.number)) { $0 * $1.1 }
        }
        return max(1, min(rarest, both.min() ?? rarest))
    }

    /// How many of so many rows of a word or a pair have the signature of all words.
    private func signed(by number: Double) -> Double {
        min(number, named + number / Self.signedByChance)
    }

    private var timeShare: Double {
        min(1, Double(inTime) / Double(max(1, all)))
    }
}
