import Testing

@testable import OrderService

@Suite("Costs of a search by name and state") struct NameAndStateCostsTests {
    @Test(
        "are least along the state, the word, or its first letters",
        arguments: [
            // A frequent name in a rare state.
            (inState: 1_000, withWord: 300_000, withPrefix: 700_000, hasOneWord: true, way: 0),
            (inState: 10_000, withWord: 10_000, withPrefix: 12_000, hasOneWord: true, way: 0),
            // A rare name in a frequent state, and in a rare one.
            (inState: 4_000_000, withWord: 100, withPrefix: 90_000, hasOneWord: true, way: 1),
            (inState: 28_000, withWord: 3_000, withPrefix: 90_000, hasOneWord: true, way: 1),
            // Both are frequent: the page is soon full.
            (inState: 4_000_000, withWord: 300_000, withPrefix: 350_000, hasOneWord: true, way: 2),
            // Several words leave few to be looked up.
            (inState: 100_000, withWord: 9_000, withPrefix: 9_000, hasOneWord: false, way: 1),
        ]
    )
    func way(inState: Int, withWord: Int, withPrefix: Int, hasOneWord: Bool, way: Int) {
        let costs = NameAndStateCosts(
            all: 5_000_000,
            inState: inState,
            withWord: withWord,
            withPrefix: withPrefix,
            hasOneWord: hasOneWord
        )
        #expect(costs.way == [.state, .fewWords, .manyWords][way])
    }

    @Test("are known where there is nothing")
    func nothing() {
        let costs = NameAndStateCosts(
            all: 0,
            inState: 0,
            withWord: 0,
            withPrefix: 0,
            hasOneWord: true
        )
        #expect(costs.way == .state)
    }
}
