/// What of a document falls under one rate: amounts with tax, and the tax of them all.
///
/// The tax belongs to the group as a whole; its parts' nets follow from it and add up to the base.
struct RateGroup: Sendable {
    let rate: VATRate
    /// Their nets are not looked at.
    var lines: [InvoiceLine]
    /// With tax, in minor units.
    var discount: Int64 = 0
    /// With tax, in minor units.
    var shipping: Int64 = 0
    /// Of lines less discount plus shipping.
    let vat: Int64
    let currency: Currency

    var goods: Int64 { lines.reduce(0) { $0 + $1.gross.minor } }
    var gross: Int64 { goods - discount + shipping }
    var base: Int64 { gross - vat }

    /// What is left of the base for the lines, once discount and shipping have taken their own
    /// tax out.
    private var linesNet: Int64 { base + net(of: discount) - net(of: shipping) }

    /// Whether every line gets a net between nothing and its gross.
    ///
    /// Always, where `vat` is the tax contained in `gross`: that tax neither falls nor rises by
    /// more than the amount does, from which follows 0 ≤ linesNet ≤ goods. A credit note's tax may
    /// be one unit off, which counts where the lines are worth next to nothing.
    var canBeNetted: Bool { (0...goods).contains(linesNet) }

    /// The lines with their nets: the largest remainders of what they share.
    var nettedLines: [InvoiceLine] {
        let nets = LargestRemainder.shares(of: linesNet, over: lines.map(\.gross.minor))
        return zip(lines, nets).map { line, net in
            var line = line
            line.net = Money(minor: net, currency)
            return line
        }
    }

    /// Discount or shipping as it stands on a document; nil if there is none.
    func adjustment(_ kind: InvoiceAdjustment.Kind, reason: String) -> InvoiceAdjustment? {
        let gross =
            switch kind {
            case .discount: discount
            case .shipping: shipping
            }
        guard gross > 0 else { return nil }
        return InvoiceAdjustment(
            kind: kind,
            reason: reason,
            net: Money(minor: net(of: gross), currency),
            gross: Money(minor: gross, currency),
            vatRate: rate
        )
    }

    var summary: InvoiceVAT {
        InvoiceVAT(rate: rate, base: Money(minor: base, currency), vat: Money(minor: vat, currency))
    }

    private func net(of gross: Int64) -> Int64 {
        gross - rate.taxContained(in: Money(minor: gross, currency)).minor
    }
}
