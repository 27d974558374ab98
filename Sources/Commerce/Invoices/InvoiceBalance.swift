/// What is left to credit of an invoice after some credit notes of it.
///
/// A credit note's lines carry the positions of the invoice's lines that they credit. A line that
/// credits an amount under a rate rather than goods has a position beyond all of the invoice's.
package struct InvoiceBalance: Sendable, Hashable {
    /// Why documents are not an invoice and its credit notes.
    package enum Failure: Error, Equatable {
        case notAnInvoice
        /// A document among the credit notes that is none of this invoice.
        case notItsCreditNote(InvoiceNumber)
        /// A credit note that takes more than there was.
        case exceedsInvoice(InvoiceNumber)
        /// The tax under a rate is not the one that its sums contain.
        case wrongTax(VATRate)
    }

    /// What is left of one line.
    package struct Line: Sendable, Hashable {
        /// As it stands on the invoice.
        package let original: InvoiceLine
        package fileprivate(set) var quantity: Int
        /// With tax.
        package fileprivate(set) var gross: Money
    }

    /// What is left under one rate, in minor units; all but `vat` with tax.
    struct Rate: Sendable, Hashable {
        let rate: VATRate
        let originalGross: Int64
        let originalVAT: Int64
        fileprivate(set) var gross: Int64
        fileprivate(set) var vat: Int64
        fileprivate(set) var discount: Int64
        fileprivate(set) var shipping: Int64
    }

    package let original: InvoiceDocument
    /// In the invoice's order.
    package private(set) var lines: [Line]
    /// Lowest rate first.
    private(set) var rates: [Rate]
    /// Whether nothing has been credited.
    package private(set) var isUntouched = true

    /// Takes credit notes off an invoice, in any order.
    package init(
        of original: InvoiceDocument,
        after notes: [InvoiceDocument]
    ) throws(Failure) {
        guard original.kind == .invoice else { throw .notAnInvoice }
        self.original = original
        lines = original.lines.map {
            Line(original: $0, quantity: $0.quantity, gross: $0.gross)
        }
        rates = original.vat.map { Rate($0, of: original) }
        for note in notes { try take(note) }
        for rate in rates where !rate.hasItsTax(in: original.currency) {
            throw .wrongTax(rate.rate)
        }
    }

    /// What is left of the whole, with tax.
    package var gross: Money {
        Money(minor: rates.reduce(0) { $0 &+ $1.gross }, original.currency)
    }

    /// The first position that is none of the invoice's.
    var firstFreePosition: Int { (original.lines.map(\.position).max() ?? 0) + 1 }

    private mutating func take(_ note: InvoiceDocument) throws(Failure) {
        guard note.kind == .creditNote, note.currency == original.currency,
            note.preceding?.number == original.number.description
        else { throw .notItsCreditNote(note.number) }
        isUntouched = false
        for group in note.vat {
            guard let index = rates.firstIndex(where: { $0.rate == group.rate }),
                rates[index].take(group, of: note)
            else { throw .exceedsInvoice(note.number) }
        }
        for line in note.lines {
            // An amount that is no line's is taken from its rate alone.
            if line.position >= firstFreePosition { continue }
            guard let index = lines.firstIndex(where: { $0.original.position == line.position }),
                lines[index].take(line)
            else { throw .exceedsInvoice(note.number) }
        }
    }
}

extension InvoiceBalance.Line {
    /// - Returns: false where more is taken than is left.
    fileprivate mutating func take(_ line: InvoiceLine) -> Bool {
        guard (0...quantity).contains(line.quantity), gross.minor >= 0,
            (0...gross.minor).contains(line.gross.minor), line.vatRate == original.vatRate
        else { return false }
        quantity -= line.quantity
        gross = Money(minor: gross.minor - line.gross.minor, gross.currency)
        return true
    }
}

extension InvoiceBalance.Rate {
    fileprivate init(_ group: InvoiceVAT, of invoice: InvoiceDocument) {
        rate = group.rate
        originalVAT = group.vat.minor
        originalGross = group.base.minor &+ group.vat.minor
        gross = originalGross
        vat = originalVAT
        discount = invoice.gross(of: .discount, at: group.rate)
        shipping = invoice.gross(of: .shipping, at: group.rate)
    }

    /// - Returns: false where more is taken than is left.
    fileprivate mutating func take(_ group: InvoiceVAT, of note: InvoiceDocument) -> Bool {
        let takenDiscount = note.gross(of: .discount, at: rate)
        let takenShipping = note.gross(of: .shipping, at: rate)
        let (taken, overflow) = group.base.minor.addingReportingOverflow(group.vat.minor)
        guard !overflow, taken >= 0, taken <= gross, group.vat.minor >= 0, group.vat.minor <= vat,
            takenDiscount >= 0, takenDiscount <= discount,
            takenShipping >= 0, takenShipping <= shipping
        else { return false }
        gross -= taken
        vat -= group.vat.minor
        discount -= takenDiscount
        shipping -= takenShipping
        return true
    }

    /// Whether the invoice's tax, and that of what was credited, are contained in their sums.
    ///
    /// Then whatever is credited next bears a tax between nothing and the whole of it.
    fileprivate func hasItsTax(in currency: Currency) -> Bool {
        let credited = Money(minor: originalGross - gross, currency)
        return originalGross >= 0
            && rate.taxContained(in: Money(minor: originalGross, currency)).minor == originalVAT
            && rate.taxContained(in: credited).minor == originalVAT - vat
    }

    /// The tax of crediting so much more, in minor units with tax, at most what is left.
    ///
    /// It is the tax of all that has been credited then, less what was credited of it before; so
    /// the last credit note closes to the invoice's tax exactly. It differs from the tax contained
    /// in the amount by one unit at most.
    func vat(ofCrediting amount: Int64, in currency: Currency) -> Int64 {
        guard amount < gross else { return vat }
        let credited = Money(minor: originalGross - gross + amount, currency)
        return rate.taxContained(in: credited).minor - (originalVAT - vat)
    }
}

extension InvoiceDocument {
    /// Of all discounts or charges of a kind at a rate, with tax, in minor units.
    func gross(of kind: InvoiceAdjustment.Kind, at rate: VATRate) -> Int64 {
        adjustments.lazy.filter { $0.kind == kind && $0.vatRate == rate }
            .reduce(0) { $0 &+ $1.gross.minor }
    }
}
