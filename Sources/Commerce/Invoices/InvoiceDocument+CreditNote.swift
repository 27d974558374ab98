extension InvoiceDocument {
    /// Makes a credit note of an invoice.
    ///
    /// The parties, the order's number and the day of delivery, which decides on the rates, are the
    /// invoice's. Lines keep the invoice's positions; what credits an amount rather than goods comes
    /// after them.
    ///
    /// - Parameters:
    ///   - original: an invoice.
    ///   - earlier: all credit notes of it so far, in any order.
    ///   - crediting: what of the rest is credited.
    ///   - number: the next of its series.
    ///   - issueDate: in Romania's calendar.
    ///   - dueDate: by when the sum goes back; this or `paymentTerms` has to be there (BR-CO-25).
    ///   - paymentTerms: in words.
    ///   - notes: at most 20.
    ///   - paymentMeans: how the sum goes back; as the invoice was paid if nil.
    /// - Returns: the credit note, with plus signs.
    /// - Throws: `CreditNoteFailure`, never crediting more than is left.
    package static func creditNote(
        of original: InvoiceDocument,
        after earlier: [InvoiceDocument],
        crediting: Crediting,
        number: InvoiceNumber,
        issueDate: CalendarDate,
        dueDate: CalendarDate? = nil,
        paymentTerms: String? = nil,
        notes: [String] = [],
        paymentMeans: InvoicePaymentMeans? = nil
    ) throws(CreditNoteFailure) -> InvoiceDocument {
        let balance: InvoiceBalance
        do {
            balance = try InvoiceBalance(of: original, after: earlier)
        } catch {
            throw .unrelated(error)
        }
        let amounts = try CreditNoteCalculation.amounts(crediting: crediting, of: balance)
        return InvoiceDocument(
            kind: .creditNote,
            number: number,
            issueDate: issueDate,
            dueDate: dueDate,
            paymentTerms: paymentTerms,
            deliveryDate: original.deliveryDate,
            currency: original.currency,
            notes: notes,
            orderNumber: original.orderNumber,
            preceding: Reference(
                number: original.number.description,
                issueDate: original.issueDate
            ),
            seller: original.seller,
            buyer: original.buyer,
            paymentMeans: paymentMeans ?? original.paymentMeans,
            lines: amounts.lines,
            adjustments: amounts.adjustments,
            vat: amounts.vat,
            totals: amounts.totals
        )
    }
}
