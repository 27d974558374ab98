/// Two samples compared by ranks (Mann and Whitney 1947), so that the few calls that took very long
/// weigh no more than others.
struct RankComparison {
    /// The probability that a value of the first sample is above one of the second, an equal one
    /// counting half: 0.5 if nothing tells them apart.
    let superiority: Double

    /// By how much `superiority` differs from 0.5 by chance alone, without ties.
    let standardError: Double

    init(_ first: [Duration], _ second: [Duration]) {
        precondition(!first.isEmpty && !second.isEmpty, "two samples are compared")
        let all = (first.map { ($0, true) } + second.map { ($0, false) }).sorted { $0.0 < $1.0 }
        var rankSum = 0.0
        var start = 0
        while start < all.count {
            let end = all[start...].firstIndex { $0.0 != all[start].0 } ?? all.count
            // Equal values share the mean of their ranks, which count from 1.
            let rank = Double(start + 1 + end) / 2
            rankSum += rank * Double(all[start..<end].count { $0.1 })
            start = end
        }
        let (m, n) = (Double(first.count), Double(second.count))
        superiority = (rankSum - m * (m + 1) / 2) / (m * n)
        standardError = ((m + n + 1) / (12 * m * n)).squareRoot()
    }
}
