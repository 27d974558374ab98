import Testing

@Suite("Comparison by ranks") struct RankComparisonTests {
    private func compare(_ first: [Int], _ second: [Int]) -> Double {
        RankComparison(first.map { .microseconds($0) }, second.map { .microseconds($0) })
            .superiority
    }

    @Test("is the share of pairs in which the first is above, ties half")
    func pairs() {
        #expect(compare([2], [1]) == 1 && compare([1], [2]) == 0 && compare([1], [1]) == 0.5)
        #expect(compare([1, 4], [2, 3]) == 0.5)
        #expect(compare([3, 4, 5], [1, 2, 4]) == 7.5 / 9)
        #expect(compare([1, 1, 1], [1, 1]) == 0.5)
        let (first, second) = ([5, 1, 9, 3, 3, 7], [2, 3, 8, 8])
        let above = first.flatMap { a in second.map { a > $0 ? 1 : a == $0 ? 0.5 : 0 } }
        #expect(compare(first, second) == above.reduce(0, +) / 24)
    }

    @Test("knows how much chance does")
    func error() {
        let ones = [Duration](repeating: .microseconds(1), count: 1_000)
        #expect((0.0129...0.0130).contains(RankComparison(ones, ones).standardError))
    }
}
