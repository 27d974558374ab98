import Testing

@testable import Commerce

@Suite("Largest remainder") struct LargestRemainderTests {
    @Test(
        "shares out in whole units, the rest to the largest remainders",
        arguments: [
            (10, [1, 1, 1], [4, 3, 3]), (100, [50, 30, 20], [50, 30, 20]), (1, [1, 2], [0, 1]),
            (2, [1, 1, 1], [1, 1, 0]), (0, [5, 0], [0, 0]), (0, [0, 0], [0, 0]), (0, [], []),
            (7, [0, 7, 0], [0, 7, 0]), (5, [3, 3, 1], [2, 2, 1]),
            (.max, [.max, .max], [.max / 2 + 1, .max / 2]), (.max, [.max], [.max]),
        ] as [(Int64, [Int64], [Int64])]
    )
    func shares(amount: Int64, weights: [Int64], shares: [Int64]) {
        #expect(LargestRemainder.shares(of: amount, over: weights) == shares)
    }

    @Test("adds up, and is nowhere a unit away from the exact part")
    func properties() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<1_000 {
            let limit = Int64.max >> Int64.random(in: 8...62, using: &random)
            let weights = (0..<Int.random(in: 1...200, using: &random)).map { _ in
                Bool.random(using: &random) ? 0 : Int64.random(in: 0...limit, using: &random)
            }
            let sum = weights.reduce(Int128(0)) { $0 + Int128($1) }
            guard sum > 0 else { continue }
            let amount = Int64.random(
                in: 0...Int64(clamping: sum * 2),
                using: &random
            )
            let shares = LargestRemainder.shares(of: amount, over: weights)
            #expect(shares.reduce(Int128(0)) { $0 + Int128($1) } == Int128(amount))
            let areFair = zip(weights, shares).allSatisfy { weight, share in
                let difference = Int128(share) * sum - Int128(amount) * Int128(weight)
                return difference.magnitude < sum.magnitude && (weight > 0 || share == 0)
                    && (share <= weight || Int128(amount) > sum)
            }
            #expect(areFair)
        }
    }
}
