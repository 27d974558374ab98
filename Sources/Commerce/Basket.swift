/// One priced line of a basket or an order; prices include the tax.
package struct Line: Sendable, Hashable {
    package static let quantities = 1...999

    package let sku: String
    package let name: String
    package let quantity: Int
    package let unitPrice: Money
    package let vatRate: VATRate
    package let total: Money

    package init(
        sku: String,
        name: String,
        quantity: Int,
        unitPrice: Money,
        vatRate: VATRate
    ) throws(Money.Failure) {
        self.sku = sku
        self.name = name
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.vatRate = vatRate
        total = try unitPrice.multiplied(by: quantity)
    }

    package var vat: Money { vatRate.taxContained(in: total) }
}

/// A way to send goods, with its price.
package struct ShippingMethod: Sendable, Hashable {
    package let id: String
    package let name: String
    /// With tax.
    package let price: Money
    /// Of shipping alone: goods of value make it bear theirs.
    package let vatRate: VATRate
    /// From this total of the goods on, sending is free; nil if it never is.
    package let freeFrom: Money?

    package init(id: String, name: String, price: Money, vatRate: VATRate, freeFrom: Money?) {
        self.id = id
        self.name = name
        self.price = price
        self.vatRate = vatRate
        self.freeFrom = freeFrom
    }

    /// The price for goods of this total.
    package func price(forItems items: Money) -> Money {
        if let freeFrom, items.minor >= freeFrom.minor { return .zero(price.currency) }
        return price
    }
}

/// The sums of a basket and the tax of each rate.
package struct Totals: Sendable, Hashable {
    /// What falls under one rate.
    package struct Group: Sendable, Hashable {
        package let rate: VATRate
        package let gross: Money
        package let vat: Money
        package var net: Money { Money(minor: gross.minor - vat.minor, gross.currency) }
    }

    package let items: Money
    package let shipping: Money
    package let total: Money
    /// One group a rate, lowest rate first; their gross amounts add up to `total`.
    package let groups: [Group]

    /// Adds up lines and shipping.
    ///
    /// The tax is computed once per rate on the gross sum, so that it is exact on the whole.
    /// Shipping bears the goods' rates, shared out by value over several; it is the method's own
    /// only where the goods have no value.
    ///
    /// - Parameters:
    ///   - lines: in one currency, the shipping's as well.
    ///   - method: how it is sent; nil while no method is chosen.
    ///   - currency: that of an empty basket.
    /// - Throws: `Money.Failure` if an amount exceeds 64 bits or currencies differ.
    package init(
        lines: [Line],
        shipping method: ShippingMethod?,
        currency: Currency
    ) throws(Money.Failure) {
        let gross = try GrossByRate(lines: lines, discount: .zero(currency), currency: currency) {
            items in method.map { ($0.price(forItems: items), $0.vatRate) }
        }
        items = gross.items
        total = gross.total
        shipping = method?.price(forItems: gross.items) ?? .zero(currency)
        groups = gross.parts.sorted { $0.key < $1.key }.map { rate, part in
            let gross = Money(minor: part.total, currency)
            return Group(rate: rate, gross: gross, vat: rate.taxContained(in: gross))
        }
    }
}
