/// A three-letter currency code of ISO 4217 whose minor unit is a hundredth.
package struct Currency: RawRepresentable, Sendable, Hashable {
    package let rawValue: String

    /// Accepts three upper-case letters.
    package init?(rawValue: String) {
        guard rawValue.utf8.count == 3, rawValue.utf8.allSatisfy({ (65...90).contains($0) }) else {
            return nil
        }
        self.rawValue = rawValue
    }

    private init(known: String) {
        rawValue = known
    }

    package static let ron = Currency(known: "RON")
    package static let eur = Currency(known: "EUR")
}

/// An amount in minor units of a currency, such as bani.
package struct Money: Sendable, Hashable {
    /// What arithmetic on amounts may forbid.
    package enum Failure: Error, Equatable {
        case overflow
        case differentCurrencies(Currency, Currency)
    }

    package let minor: Int64
    package let currency: Currency

    package init(minor: Int64, _ currency: Currency) {
        self.minor = minor
        self.currency = currency
    }

    package static func zero(_ currency: Currency) -> Money {
        Money(minor: 0, currency)
    }

    package func adding(_ other: Money) throws(Failure) -> Money {
        guard currency == other.currency else {
            throw .differentCurrencies(currency, other.currency)
        }
        let (sum, overflow) = minor.addingReportingOverflow(other.minor)
        guard !overflow else { throw .overflow }
        return Money(minor: sum, currency)
    }

    package func multiplied(by count: Int) throws(Failure) -> Money {
        let (product, overflow) = minor.multipliedReportingOverflow(by: Int64(count))
        guard !overflow else { throw .overflow }
        return Money(minor: product, currency)
    }
}

extension Sequence<Int64> {
    /// The sum; nil if no `Int64` holds it, or part of it.
    package var checkedSum: Int64? {
        var sum: Int64 = 0
        for amount in self {
            let (next, overflow) = sum.addingReportingOverflow(amount)
            guard !overflow else { return nil }
            sum = next
        }
        return sum
    }
}
