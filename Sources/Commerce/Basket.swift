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
    ///
    /// - Parameters:
    ///   - lines: in one currency, the shipping's as well.
    ///   - shipping: nil while no method is chosen.
    ///   - currency: that of an empty basket.
    /// - Throws: `Money.Failure` if an amount exceeds 64 bits or currencies differ.
    package init(
        lines: [Line],
        shipping method: ShippingMethod?,
        currency: Currency
    ) throws(Money.Failure) {
        var items = Money.zero(currency)
        var gross: [VATRate: Money] = [:]
        for line in lines {
            items = try items.adding(line.total)
            gross[line.vatRate] = try (gross[line.vatRate] ?? .zero(currency)).adding(line.total)
        }
        var shipping = Money.zero(currency)
        if let method {
            shipping = method.price(forItems: items)
            if shipping.minor > 0 {
                gross[method.vatRate] =
                    try (gross[method.vatRate] ?? .zero(currency)).adding(shipping)
            }
        }
        self.items = items
        self.shipping = shipping
        total = try items.adding(shipping)
        groups = gross.sorted { $0.key < $1.key }.map { rate, gross in
            Group(rate: rate, gross: gross, vat: rate.taxContained(in: gross))
        }
    }
}
