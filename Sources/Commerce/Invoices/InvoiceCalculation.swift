/// The amounts of a document, computed from what was paid with tax.
///
/// The tax is taken once from the gross sum of each rate, gross × rate ÷ (100 + rate), and the nets
/// share what is left by the largest remainder; so the total is what was paid, to the ban.
package struct InvoiceCalculation: Sendable, Hashable {
    /// Why there can be no invoice of an order.
    package enum Failure: Error, Equatable {
        case noLines
        case negativeAmount
        case discountExceedsGoods
        case prepaidExceedsTotal
        case money(Money.Failure)
    }

    package let lines: [InvoiceLine]
    package let adjustments: [InvoiceAdjustment]
    package let vat: [InvoiceVAT]
    package let totals: InvoiceTotals

    /// Computes an invoice.
    ///
    /// - Parameters:
    ///   - lines: the order's, at least one, in one currency; their places are the positions.
    ///   - discount: on the whole order, at most the goods' value.
    ///   - shipping: shared out over the goods' rates by value, as the discount is.
    ///   - prepaid: what has been paid of it before its issue, at most the total; nothing if nil.
    /// - Throws: `Failure` for amounts that are no order's.
    package init(
        lines: [Line],
        discount: OrderAdjustment? = nil,
        shipping: OrderAdjustment? = nil,
        prepaid: Money? = nil
    ) throws(Failure) {
        guard let currency = lines.first?.total.currency else { throw .noLines }
        let gross = try Self.gross(lines, discount, shipping, currency)
        let positioned = lines.enumerated().map { InvoiceLine($0.element, position: $0.offset + 1) }
        let groups = gross.parts.map { rate, part in
            RateGroup(
                rate: rate,
                lines: positioned.filter { $0.vatRate == rate },
                discount: part.discount,
                shipping: part.shipping,
                vat: rate.taxContained(in: Money(minor: part.total, currency)).minor,
                currency: currency
            )
        }
        let paid = prepaid ?? .zero(currency)
        guard paid.currency == currency else {
            throw .money(.differentCurrencies(currency, paid.currency))
        }
        guard paid.minor >= 0 else { throw .negativeAmount }
        guard paid.minor <= gross.total.minor else { throw .prepaidExceedsTotal }
        self.init(
            groups,
            reasons: [.discount: discount?.reason ?? "", .shipping: shipping?.reason ?? ""],
            prepaid: paid
        )
    }

    /// Puts a document together from its groups, one a rate.
    ///
    /// - Parameters:
    ///   - groups: each of which can be netted.
    ///   - reasons: what discount and shipping are called.
    ///   - prepaid: in the groups' currency.
    init(
        _ groups: [RateGroup],
        reasons: [InvoiceAdjustment.Kind: String],
        prepaid: Money
    ) {
        let groups = groups.sorted { $0.rate < $1.rate }
        lines = groups.flatMap(\.nettedLines).sorted { $0.position < $1.position }
        adjustments = InvoiceAdjustment.Kind.allCases.flatMap { kind in
            groups.compactMap { $0.adjustment(kind, reason: reasons[kind] ?? "") }
        }
        vat = groups.map(\.summary)
        totals = InvoiceTotals(
            lines: lines,
            adjustments: adjustments,
            vat: vat,
            prepaid: prepaid
        )
    }

    /// Takes the amounts of a document as they are, to be credited as a whole.
    init(mirroring document: InvoiceDocument) {
        lines = document.lines
        adjustments = document.adjustments
        vat = document.vat
        totals = InvoiceTotals(
            lines: lines,
            adjustments: adjustments,
            vat: vat,
            prepaid: .zero(document.currency)
        )
    }

    private static func gross(
        _ lines: [Line],
        _ discount: OrderAdjustment?,
        _ shipping: OrderAdjustment?,
        _ currency: Currency
    ) throws(Failure) -> GrossByRate {
        let amounts = lines.map(\.total) + [discount?.gross, shipping?.gross].compactMap { $0 }
        guard amounts.allSatisfy({ $0.minor >= 0 }) else { throw .negativeAmount }
        let discount = discount?.gross ?? .zero(currency)
        let gross: GrossByRate
        do {
            gross = try GrossByRate(lines: lines, discount: discount, currency: currency) { _ in
                shipping.map { ($0.gross, $0.rateWithoutGoods) }
            }
        } catch {
            throw .money(error)
        }
        guard discount.minor <= gross.items.minor else { throw .discountExceedsGoods }
        return gross
    }
}

extension InvoiceLine {
    /// A line of an order, whose net is yet to be found.
    init(_ line: Line, position: Int) {
        self.init(
            position: position,
            sku: line.sku,
            name: line.name,
            quantity: line.quantity,
            net: line.total,
            gross: line.total,
            vatRate: line.vatRate
        )
    }
}

extension InvoiceTotals {
    /// Adds up the parts of a document (BR-CO-10 to 16).
    ///
    /// Amounts of documents that were computed fit; those of others that do not wrap around rather
    /// than trap, and so differ from what they say.
    package init(
        lines: [InvoiceLine],
        adjustments: [InvoiceAdjustment],
        vat groups: [InvoiceVAT],
        prepaid: Money
    ) {
        func sum(_ amounts: some Sequence<Money>) -> Int64 {
            amounts.reduce(0) { $0 &+ $1.minor }
        }
        func money(_ minor: Int64) -> Money { Money(minor: minor, prepaid.currency) }
        let lines = sum(lines.lazy.map(\.net))
        let allowances = sum(adjustments.lazy.filter { !$0.kind.isCharge }.map(\.net))
        let charges = sum(adjustments.lazy.filter { $0.kind.isCharge }.map(\.net))
        let net = lines &- allowances &+ charges
        let vat = sum(groups.lazy.map(\.vat))
        let gross = net &+ vat
        self.init(
            lines: money(lines),
            allowances: money(allowances),
            charges: money(charges),
            net: money(net),
            vat: money(vat),
            gross: money(gross),
            prepaid: prepaid,
            payable: money(gross &- prepaid.minor)
        )
    }
}
