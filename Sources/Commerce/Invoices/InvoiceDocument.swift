/// An invoice or a credit note with all that stands on it: a snapshot, never joined to anything.
///
/// The terms are those of EN 16931; `BT-…` and `BG-…` are its numbers. All money is in one
/// currency. A credit note has plus signs (CIUS-RO, type 381).
package struct InvoiceDocument: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case invoice
        case creditNote = "credit_note"

        /// UNTDID 1001 (BT-3).
        package var typeCode: Int {
            switch self {
            case .invoice: 380
            case .creditNote: 381
            }
        }
    }

    /// An earlier document that this one corrects (BG-3).
    package struct Reference: Sendable, Hashable {
        /// BT-25.
        package var number: String
        /// BT-26.
        package var issueDate: CalendarDate

        package init(number: String, issueDate: CalendarDate) {
            self.number = number
            self.issueDate = issueDate
        }
    }

    package var kind: Kind
    /// BT-1, given when it is issued.
    package var number: InvoiceNumber
    /// BT-2, in Romania's calendar.
    package var issueDate: CalendarDate
    /// BT-9.
    package var dueDate: CalendarDate?
    /// BT-20.
    package var paymentTerms: String?
    /// BT-72.
    package var deliveryDate: CalendarDate?
    /// BT-5.
    package var currency: Currency
    /// BT-22.
    package var notes: [String]
    /// BT-13: the order's public number.
    package var orderNumber: String
    /// BG-3: of a credit note, the invoice that it credits.
    package var preceding: Reference?
    package var seller: InvoiceParty
    package var buyer: InvoiceParty
    /// BG-15, where it differs from the buyer's address.
    package var deliverTo: Address?
    package var paymentMeans: InvoicePaymentMeans
    package var lines: [InvoiceLine]
    /// Discounts, shipping and fees of the whole document, one a VAT rate (BG-20, BG-21).
    package var adjustments: [InvoiceAdjustment]
    /// One group a rate, lowest first (BG-23).
    package var vat: [InvoiceVAT]
    package var totals: InvoiceTotals

    package init(
        kind: Kind,
        number: InvoiceNumber,
        issueDate: CalendarDate,
        dueDate: CalendarDate? = nil,
        paymentTerms: String? = nil,
        deliveryDate: CalendarDate? = nil,
        currency: Currency,
        notes: [String] = [],
        orderNumber: String,
        preceding: Reference? = nil,
        seller: InvoiceParty,
        buyer: InvoiceParty,
        deliverTo: Address? = nil,
        paymentMeans: InvoicePaymentMeans,
        lines: [InvoiceLine],
        adjustments: [InvoiceAdjustment],
        vat: [InvoiceVAT],
        totals: InvoiceTotals
    ) {
        self.kind = kind
        self.number = number
        self.issueDate = issueDate
        self.dueDate = dueDate
        self.paymentTerms = paymentTerms
        self.deliveryDate = deliveryDate
        self.currency = currency
        self.notes = notes
        self.orderNumber = orderNumber
        self.preceding = preceding
        self.seller = seller
        self.buyer = buyer
        self.deliverTo = deliverTo
        self.paymentMeans = paymentMeans
        self.lines = lines
        self.adjustments = adjustments
        self.vat = vat
        self.totals = totals
    }
}
