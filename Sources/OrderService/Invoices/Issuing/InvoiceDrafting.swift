import Commerce
import MariaDB

/// Makes the documents of orders: whom they name, what they say, and what they come to.
struct InvoiceDrafting: Sendable {
    let invoicing: Settings.Invoicing

    /// What an invoice is made of, beside the seller.
    struct Source: Sendable {
        let orderNumber: String
        let method: PaymentMethod
        let billing: CheckoutSession.Billing
        var lines: [Line]
        let total: Money
        /// With tax.
        let shipping: Money
        var shippingRate: VATRate
        let captured: Money
        /// In Romania; nil before anything was paid.
        let paidOn: CalendarDate?
        /// In Romania; nil before the goods went out.
        let shippedOn: CalendarDate?

        /// The rates that something bears, and that so have a group on the document: those of all
        /// lines, a gift's among them, and shipping's where no goods have a price.
        var rates: Set<VATRate> {
            let isPriced = lines.contains { $0.total.minor > 0 }
            let own = isPriced || shipping.minor == 0 ? [] : [shippingRate]
            return Set(lines.map(\.vatRate) + own)
        }

        /// The day of the delivery or of a payment in advance, whichever came first.
        ///
        /// Its rates apply, and it stands on the invoice: Fiscal Code, art. 282, 291 and 319 (20).
        var suppliedOn: CalendarDate? { [paidOn, shippedOn].compactMap { $0 }.min() }
    }

    /// What has become of the money of what is credited.
    enum Payback: Sendable {
        case refunded
        /// It was given back by other means than it was paid, such as a bank transfer.
        case refundedOtherwise
        /// Its refund has failed for good, and it is still to be given back.
        case owed
        /// The payer's bank has taken it.
        case chargedBack
        /// The payer's bank has taken some, and the rest is still to be given back.
        case partlyChargedBack
        /// There was none.
        case nothing
    }

    /// The number of a draft while the rules are asked: of the same form as any other.
    func standIn(for kind: InvoiceDocument.Kind) -> InvoiceNumber? {
        InvoiceNumber(series: series(of: kind), ordinal: 999_999)
    }

    func series(of kind: InvoiceDocument.Kind) -> String {
        switch kind {
        case .invoice: invoicing.invoiceSeries
        case .creditNote: invoicing.creditNoteSeries
        }
    }

    /// The invoice of an order.
    ///
    /// - Parameters:
    ///   - source: what is known of it.
    ///   - buyer: somebody's correction of whom it is for.
    ///   - number: of the draft.
    ///   - date: today in Romania's calendar.
    /// - Returns: a draft.
    /// - Throws: `InvoiceCalculation.Failure`.
    func invoice(
        of source: Source,
        to buyer: InvoiceParty?,
        number: InvoiceNumber,
        on date: CalendarDate
    ) throws(InvoiceCalculation.Failure) -> InvoiceDocument {
        let isCard = source.method == .card
        let prepaid = isCard ? min(source.captured.minor, source.total.minor) : 0
        return try InvoiceDocument.invoice(
            number: number,
            issueDate: date,
            paymentTerms: isCard ? Words.paidByCard : Words.paidAtTheDoor,
            deliveryDate: source.suppliedOn.flatMap { $0 < date ? $0 : nil },
            orderNumber: source.orderNumber,
            seller: invoicing.seller,
            buyer: buyer ?? InvoiceParty(source.billing),
            paymentMeans: isCard ? Self.card : Self.cash,
            lines: source.lines,
            shipping: source.shipping.minor > 0
                ? OrderAdjustment(
                    gross: source.shipping,
                    reason: Words.shipping,
                    rateWithoutGoods: source.shippingRate
                ) : nil,
            prepaid: Money(minor: prepaid, source.total.currency)
        )
    }

    /// A credit note of an invoice.
    ///
    /// Pieces that cannot be credited one by one any more, because an amount was credited before,
    /// are credited as an amount.
    ///
    /// - Parameters:
    ///   - invoice: as it was issued.
    ///   - earlier: all credit notes of it so far.
    ///   - amount: what is credited, in minor units; nil for all that is left.
    ///   - pieces: of the invoice's lines that make up the amount; empty if nobody knows.
    ///   - payback: what has become of the money.
    ///   - buyer: somebody's correction of whom it is for.
    ///   - number: of the draft.
    ///   - date: today in Romania's calendar.
    /// - Returns: a draft.
    /// - Throws: `CreditNoteFailure`.
    func creditNote(
        of invoice: InvoiceDocument,
        after earlier: [InvoiceDocument],
        amount: Int64?,
        pieces: [Crediting.Piece],
        payback: Payback,
        to buyer: InvoiceParty?,
        number: InvoiceNumber,
        on date: CalendarDate
    ) throws(CreditNoteFailure) -> InvoiceDocument {
        let left =
            invoice.totals.gross.minor - earlier.reduce(0) { $0 + $1.totals.gross.minor }
        let isRest = (amount ?? left) == left
        let terms =
            switch payback {
            case .refunded where invoice.paymentMeans.code == .card: Words.backToCard
            case .refunded, .refundedOtherwise, .owed: Words.back
            case .chargedBack: Words.chargedBack
            case .partlyChargedBack: Words.partlyChargedBack
            case .nothing: Words.nothingBack
            }
        func make(_ crediting: Crediting) throws(CreditNoteFailure) -> InvoiceDocument {
            try InvoiceDocument.creditNote(
                of: invoice,
                after: earlier,
                crediting: crediting,
                number: number,
                issueDate: date,
                paymentTerms: terms,
                notes: [Words.storno(invoice, isWhole: isRest && earlier.isEmpty)]
            )
        }
        let money = Money(minor: amount ?? left, invoice.currency)
        var document: InvoiceDocument
        if isRest {
            document = try make(.rest)
        } else if !pieces.isEmpty, let byPieces = try? make(.lines(pieces)) {
            document = byPieces
        } else {
            document = try make(.amount(money))
        }
        if let buyer { document.buyer = buyer }
        return document
    }

    private static let card = InvoicePaymentMeans(code: .card, text: "Card bancar")
    private static let cash = InvoicePaymentMeans(code: .cash, text: "Numerar la livrare (ramburs)")

    /// What stands on documents, in Romanian as the law wants.
    private enum Words {
        static let shipping = "Transport"
        static let paidByCard = "Achitat online cu cardul."
        static let paidAtTheDoor = "Plata la livrare, către curier (ramburs)."
        static let backToCard = "Suma se restituie pe cardul folosit la plată."
        static let back = "Suma se restituie cumpărătorului."
        static let chargedBack =
            "Suma a fost reținută de bancă în urma contestării plății; nu mai este nimic de restituit."
        static let partlyChargedBack =
            "O parte a fost reținută de bancă în urma contestării plății; restul se restituie cumpărătorului."
        static let nothingBack = "Nu s-a încasat nicio sumă; nu este nimic de restituit."

        static func storno(_ invoice: InvoiceDocument, isWhole: Bool) -> String {
            let extent = isWhole ? "totală" : "parțială"
            let day = invoice.issueDate.printed
            return "Stornare \(extent) a facturii \(invoice.number) din \(day)."
        }
    }
}

extension InvoiceParty {
    /// The buyer of an order, by its billing.
    ///
    /// Neither phone nor e-mail: the invoice needs none, and is kept longer than they are.
    init(_ billing: CheckoutSession.Billing) {
        let identity: TaxIdentity =
            if let code = billing.cui.flatMap(CUI.init(parsing:)) {
                TaxIdentity(of: code, isVATPayer: code.hasVATPrefix)
            } else if let number = billing.cnp.flatMap(CNP.init(parsing:)) {
                .consumer(number)
            } else {
                .unidentifiedConsumer
            }
        self.init(
            name: billing.company ?? billing.name,
            identity: identity,
            tradeRegister: billing.tradeRegister,
            address: Address(
                street: billing.address.street,
                city: billing.address.city,
                county: billing.address.county,
                postalCode: billing.address.postalCode,
                country: billing.address.country
            ),
            contactName: billing.company == nil ? nil : billing.name
        )
    }
}
