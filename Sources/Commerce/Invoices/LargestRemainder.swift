/// Sharing out an amount in whole units so that the shares add up to it.
enum LargestRemainder {
    /// Shares out an amount in proportion to weights.
    ///
    /// Every share is its exact part rounded down or up. The units that rounding down leaves go to
    /// the largest remainders, the first of equal ones; so no share exceeds its weight where the
    /// amount does not exceed the weights' sum, and a weight of nothing gets nothing.
    ///
    /// - Parameters:
    ///   - amount: not negative.
    ///   - weights: none negative; not all nothing unless the amount is.
    /// - Returns: a share for every weight.
    static func shares(of amount: Int64, over weights: [Int64]) -> [Int64] {
        precondition(amount >= 0 && weights.allSatisfy { $0 >= 0 }, "shares have no signs")
        let sum = weights.reduce(Int128(0)) { $0 + Int128($1) }
        precondition(sum > 0 || amount == 0, "a share needs something that it is the share of")
        guard sum > 0 else { return weights.map { _ in 0 } }
        let parts = weights.map { weight in
            (Int128(amount) * Int128(weight)).quotientAndRemainder(dividingBy: sum)
        }
        var shares = parts.map { Int64($0.quotient) }
        let left = Int(amount - shares.reduce(0, +))
        let ranked = parts.indices.sorted { first, second in
            let (one, other) = (parts[first].remainder, parts[second].remainder)
            return one == other ? first < second : one > other
        }
        for index in ranked.prefix(left) { shares[index] += 1 }
        return shares
    }
}
