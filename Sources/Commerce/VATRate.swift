/// A rate of value added tax in whole percent.
package struct VATRate: Sendable, Hashable, Comparable {
    package let percent: Int

    /// Accepts 0 to 100.
    package init?(percent: Int) {
        guard (0...100).contains(percent) else { return nil }
        self.percent = percent
    }

    private init(known percent: Int) {
        self.percent = percent
    }

    /// The standard rate in Romania from August 2025 (Law 141/2025).
    package static let standard = VATRate(known: 21)
    /// The reduced rate in Romania from August 2025, for food and books among others.
    package static let reduced = VATRate(known: 11)

    /// The tax contained in a gross amount, rounded half up to the minor unit.
    ///
    /// The rule for prices that include the tax («sutei mărite»): gross × rate ÷ (100 + rate).
    package func taxContained(in gross: Money) -> Money {
        let divisor = Int64(100 + percent)
        // Quotient and remainder first, so that no product exceeds the amount itself by more
        // than the divisor's square.
        let (quotient, remainder) = gross.minor.quotientAndRemainder(dividingBy: divisor)
        let tail = (2 * remainder * Int64(percent) + divisor) / (2 * divisor)
        return Money(minor: quotient * Int64(percent) + tail, gross.currency)
    }

    package static func < (first: VATRate, second: VATRate) -> Bool {
        first.percent < second.percent
    }
}
