/// A discount on a whole order, or its shipping, before it is shared out over the rates of tax.
package struct OrderAdjustment: Sendable, Hashable {
    /// With tax; not negative.
    package var gross: Money
    /// What the documents call it, such as `Transport`; the documents' form cuts it.
    package var reason: String
    /// The rate of shipping whose goods have no value; it takes the goods' rates otherwise.
    package var rateWithoutGoods: VATRate

    package init(gross: Money, reason: String, rateWithoutGoods: VATRate = .standard) {
        self.gross = gross
        self.reason = reason
        self.rateWithoutGoods = rateWithoutGoods
    }
}
