import Commerce
import Testing

/// Documents of a fictitious shop.
enum Documents {
    static func date(_ text: String) throws -> CalendarDate {
        try #require(CalendarDate(parsing: text))
    }

    static func cui(_ text: String) throws -> CUI { try #require(CUI(parsing: text)) }

    static func ron(_ minor: Int64) -> Money { Money(minor: minor, .ron) }

    static func line(
        _ name: String,
        _ price: Int64,
        quantity: Int = 1,
        _ rate: VATRate = .standard
    ) throws -> Line {
        try Line(
            sku: "SKU-\(price)",
            name: name,
            quantity: quantity,
            unitPrice: ron(price),
            vatRate: rate
        )
    }

    static func seller(
        _ identity: InvoiceParty.TaxIdentity? = nil,
        tradeRegister: String? = "J12/1234/2015"
    ) throws -> InvoiceParty {
        InvoiceParty(
            name: "Magazin Exemplu SRL",
            identity: try identity ?? .vatPayer(cui("90123459")),
            tradeRegister: tradeRegister,
            legalText: "Capital social 200 RON",
            address: Address(
                street: "Strada Exemplului nr. 10",
                city: "Cluj-Napoca",
                county: "RO-CJ",
                postalCode: "400001",
                country: "RO"
            ),
            phone: "+40 264 000 000",
            email: "facturi@magazin-exemplu.ro"
        )
    }

    static func buyer(
        _ name: String = "Ana Popescu-Exemplu",
        _ identity: InvoiceParty.TaxIdentity = .unidentifiedConsumer,
        tradeRegister: String? = nil,
        street: String = "Șoseaua Olteniței nr. 100, ap. 7",
        country: String = "RO",
        email: String? = "ana.popescu@example.org"
    ) -> InvoiceParty {
        InvoiceParty(
            name: name,
            identity: identity,
            tradeRegister: tradeRegister,
            address: Address(
                street: street,
                city: "SECTOR4",
                county: "RO-B",
                postalCode: "041312",
                country: country
            ),
            email: email
        )
    }

    /// The day on which they are checked.
    static func today() throws -> CalendarDate { try date("2026-11-24") }

    static func invoice(
        _ lines: [Line]? = nil,
        ordinal: Int64 = 124,
        seller: InvoiceParty? = nil,
        buyer: InvoiceParty = buyer(),
        deliverTo: Address? = nil,
        notes: [String] = ["Achitat online cu cardul."],
        paymentTerms: String? = "Plata la livrare",
        paymentMeans: InvoicePaymentMeans = InvoicePaymentMeans(code: .card, text: "Card bancar"),
        discount: OrderAdjustment? = nil,
        shipping: OrderAdjustment? = nil,
        prepaid: Int64 = 0
    ) throws -> InvoiceDocument {
        try .invoice(
            number: #require(InvoiceNumber(series: "MEX", ordinal: ordinal)),
            issueDate: date("2026-11-20"),
            paymentTerms: paymentTerms,
            notes: notes,
            orderNumber: "RO-7Q4K-92MX-3",
            seller: seller ?? Self.seller(),
            buyer: buyer,
            deliverTo: deliverTo,
            paymentMeans: paymentMeans,
            lines: lines
                ?? [
                    line("Tricou bumbac", 5_999, quantity: 2),
                    line("Carte „Amintiri din copilărie”", 4_500, .reduced),
                    line("Șosete", 999, quantity: 3),
                ],
            discount: discount,
            shipping: shipping,
            prepaid: ron(prepaid)
        )
    }

    static func creditNote(
        of invoice: InvoiceDocument,
        after earlier: [InvoiceDocument] = [],
        _ crediting: Crediting = .rest,
        ordinal: Int64? = nil
    ) throws -> InvoiceDocument {
        try .creditNote(
            of: invoice,
            after: earlier,
            crediting: crediting,
            number: #require(
                InvoiceNumber(series: "MEXS", ordinal: ordinal ?? Int64(earlier.count) + 1)
            ),
            issueDate: date("2026-11-23"),
            paymentTerms: "Suma se restituie pe cardul folosit la plată.",
            notes: ["Storno la factura \(invoice.number)."]
        )
    }
}
