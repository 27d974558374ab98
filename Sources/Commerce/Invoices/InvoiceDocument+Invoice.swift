extension InvoiceDocument {
    /// Makes the invoice of an order.
    ///
    /// - Parameters:
    ///   - number: the next of its series.
    ///   - issueDate: in Romania's calendar.
    ///   - dueDate: of what is still to be paid; this or `paymentTerms` has to be there then
    ///     (BR-CO-25).
    ///   - paymentTerms: in words.
    ///   - deliveryDate: where it differs from the day of issue.
    ///   - notes: at most 20.
    ///   - orderNumber: the public one.
    ///   - seller: as it is at that time.
    ///   - buyer: whom the order is billed to.
    ///   - deliverTo: where it differs from the buyer's address.
    ///   - paymentMeans: how it is paid, or has been.
    ///   - lines: the order's, at least one; prices with tax.
    ///   - discount: on the whole order, at most the goods' value.
    ///   - shipping: bears the goods' rates, shared out by value.
    ///   - prepaid: what has been paid before, at most the total; nothing if nil.
    /// - Returns: the invoice, whose total is what the order costs.
    /// - Throws: `InvoiceCalculation.Failure` for amounts that are no order's.
    package static func invoice(
        number: InvoiceNumber,
        issueDate: CalendarDate,
        dueDate: CalendarDate? = nil,
        paymentTerms: String? = nil,
        deliveryDate: CalendarDate? = nil,
        notes: [String] = [],
        orderNumber: String,
        seller: InvoiceParty,
        buyer: InvoiceParty,
        deliverTo: Address? = nil,
        paymentMeans: InvoicePaymentMeans,
        lines: [Line],
        discount: OrderAdjustment? = nil,
        shipping: OrderAdjustment? = nil,
        prepaid: Money? = nil
    ) throws(InvoiceCalculation.Failure) -> InvoiceDocument {
        let amounts = try InvoiceCalculation(
            lines: lines,
            discount: discount,
            shipping: shipping,
            prepaid: prepaid
        )
        return InvoiceDocument(
            kind: .invoice,
            number: number,
            issueDate: issueDate,
            dueDate: dueDate,
            paymentTerms: paymentTerms,
            deliveryDate: deliveryDate,
            currency: amounts.totals.gross.currency,
            notes: notes,
            orderNumber: orderNumber,
            seller: seller,
            buyer: buyer,
            deliverTo: deliverTo,
            paymentMeans: paymentMeans,
            lines: amounts.lines,
            adjustments: amounts.adjustments,
            vat: amounts.vat,
            totals: amounts.totals
        )
    }
}
