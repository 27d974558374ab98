/// What the ways of a search by name and state cost, by how many rows there are of each kind.
///
/// A walk that begins with the newest ends with the page; of n rows, of which m fit, it reads p·n/m for
/// p of them, and never more than there are.
struct NameAndStateCosts: Sendable {
    enum Way: Sendable {
        /// Along the index of the state.
        case state
        /// All rows of the word, which are sorted then.
        case fewWords
        /// Along the rows of words that begin with the same three letters.
        case manyWords
    }

    let all: Int
    let inState: Int
    let withWord: Int
    /// With a word that begins with the same three letters.
    let withPrefix: Int
    let hasOneWord: Bool

    private static let page = 20.0
    /// One in so many fits a name of several words of which it has one.
    private static let fittingOne = 30.0

    // In microseconds, measured with 5,000,000 orders; only how they compare matters.
    private static let entry = 1.3
    private static let wordByPrefix = 0.7
    private static let word = 0.5
    /// To look up the state of a row that has the name.
    private static let lookUp = 4.0

    /// The cheapest.
    var way: Way {
        let all = Double(max(1, all))
        let inState = Double(max(1, inState))
        let withWord = Double(max(1, withWord))
        let withPrefix = Double(max(1, withPrefix))
        let fitting = hasOneWord ? withWord : max(1, withWord / Self.fittingOne)
        let byState = Self.entry * min(inState, Self.page * all / fitting)
        let byFewWords = Self.word * withWord + Self.lookUp * fitting
        let byManyWords =
            Self.wordByPrefix * min(withPrefix, Self.page * withPrefix * all / (fitting * inState))
            + Self.lookUp * min(fitting, Self.page * all / inState)
        if byState <= min(byFewWords, byManyWords) { return .state }
        return byFewWords <= byManyWords ? .fewWords : .manyWords
    }
}
