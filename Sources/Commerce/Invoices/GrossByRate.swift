/// What of an order falls under each rate of tax: goods, discount and shipping, with tax.
///
/// Shipping is accessory to the goods and bears their rate. Over several rates it is shared out by
/// the goods' value, as the discount is. A checkout's totals and its invoice both come from here,
/// so that they say the same.
struct GrossByRate: Sendable {
    /// The parts of one rate, in minor units.
    struct Part: Sendable {
        var goods: Int64 = 0
        var discount: Int64 = 0
        var shipping: Int64 = 0

        var total: Int64 { goods - discount + shipping }
    }

    /// A part for every rate that a line has, and for that of shipping without goods of value.
    private(set) var parts: [VATRate: Part] = [:]
    /// The goods alone.
    private(set) var items: Money
    /// Goods, less the discount, with shipping.
    private(set) var total: Money

    /// Shares discount and shipping out over the lines' rates.
    ///
    /// - Parameters:
    ///   - lines: in one currency.
    ///   - discount: not negative; no more of it counts than the goods' value.
    ///   - currency: that of an order without lines.
    ///   - shipping: not negative, and the rate that it bears where the goods have no value; asked
    ///     for with the goods' value.
    /// - Throws: `Money.Failure` if an amount exceeds 64 bits or currencies differ.
    init(
        lines: [Line],
        discount: Money,
        currency: Currency,
        shipping: (_ items: Money) -> (gross: Money, rateWithoutGoods: VATRate)?
    ) throws(Money.Failure) {
        items = .zero(currency)
        total = .zero(currency)
        for line in lines {
            items = try items.adding(line.total)
            let goods = Money(minor: parts[line.vatRate]?.goods ?? 0, currency)
            parts[line.vatRate, default: Part()].goods = try goods.adding(line.total).minor
        }
        let rates = parts.keys.sorted()
        let weights = rates.map { max(0, parts[$0]?.goods ?? 0) }
        let value = max(0, items.minor)
        let discount = Money(minor: min(max(0, discount.minor), value), discount.currency)
        total = try items.adding(Money(minor: -discount.minor, discount.currency))
        for (rate, share) in zip(rates, LargestRemainder.shares(of: discount.minor, over: weights))
        {
            parts[rate]?.discount = share
        }
        guard let shipping = shipping(items) else { return }
        total = try total.adding(shipping.gross)
        guard shipping.gross.minor > 0 else { return }
        guard value > 0 else {
            parts[shipping.rateWithoutGoods, default: Part()].shipping = shipping.gross.minor
            return
        }
        let shares = LargestRemainder.shares(of: shipping.gross.minor, over: weights)
        for (rate, share) in zip(rates, shares) { parts[rate]?.shipping = share }
    }
}
