/// What a credit note credits.
package enum Crediting: Sendable, Hashable {
    /// Pieces of one of the invoice's lines.
    package struct Piece: Sendable, Hashable {
        /// The line's on the invoice.
        package var position: Int
        package var quantity: Int
        /// With tax.
        package var gross: Money

        package init(position: Int, quantity: Int, gross: Money) {
            self.position = position
            self.quantity = quantity
            self.gross = gross
        }
    }

    /// Pieces, each line once.
    case lines([Piece])
    /// An amount with tax, shared over the rates by what is left of each.
    case amount(Money)
    /// All that is left; of an invoice that nothing has been credited of, its mirror.
    case rest
}

/// Why there can be no such credit note.
package enum CreditNoteFailure: Error, Equatable {
    /// The documents are not an invoice and its credit notes.
    case unrelated(InvoiceBalance.Failure)
    case unknownLine(position: Int)
    case lineTwice(position: Int)
    case exceedsLine(position: Int, quantityLeft: Int, left: Money)
    /// Lines that come to more than is left under their rate, which an earlier discount or credited
    /// amount has lessened; the same sum may still be credited as an amount.
    case exceedsRate(VATRate, left: Money)
    case exceedsInvoice(left: Money)
    /// Nothing is to be credited, or nothing is left.
    case nothing
    case differentCurrencies(Currency, Currency)
}
