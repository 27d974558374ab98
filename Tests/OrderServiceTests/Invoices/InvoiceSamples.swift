import Commerce
import Testing

/// Documents to look at, with sums that are right.
extension InvoiceDocument {
    static func sample(
        ordinal: Int64 = 124,
        day: String = "2026-11-20",
        orderNumber: String = "RO-7Q4K-92MX-3",
        buyer: InvoiceParty = .sampleBuyer(),
        lines: [Line]? = nil,
        discount: Int64? = nil,
        notes: [String] = []
    ) throws -> InvoiceDocument {
        func money(_ minor: Int64) -> Money { Money(minor: minor, .ron) }
        return try .invoice(
            number: try #require(InvoiceNumber(series: "LUP", ordinal: ordinal)),
            issueDate: try #require(CalendarDate(parsing: day)),
            paymentTerms: "Plata integrală cu cardul la comandă",
            notes: notes,
            orderNumber: orderNumber,
            seller: .sampleSeller,
            buyer: buyer,
            paymentMeans: InvoicePaymentMeans(code: .card, text: "Card bancar"),
            lines: try lines ?? [
                .sample("CANA-ALBA", "Cană albă, țărănească, cu toartă", 3, 4_999, .standard),
                .sample("CAFEA-250", "Cafea boabe 250 g", 2, 3_210, .reduced),
            ],
            discount: discount.map { OrderAdjustment(gross: money($0), reason: "Reducere") },
            shipping: OrderAdjustment(gross: money(1_990), reason: "Transport")
        )
    }

    /// A credit note of two pieces of the first line.
    static func sampleCreditNote(
        of original: InvoiceDocument,
        ordinal: Int64 = 7,
        day: String = "2026-11-27"
    ) throws -> InvoiceDocument {
        let line = try #require(original.lines.first)
        return try .creditNote(
            of: original,
            after: [],
            crediting: .lines([
                .init(
                    position: line.position,
                    quantity: 2,
                    gross: Money(minor: 9_998, .ron)
                )
            ]),
            number: try #require(InvoiceNumber(series: "LUPS", ordinal: ordinal)),
            issueDate: try #require(CalendarDate(parsing: day)),
            paymentTerms: "Suma se restituie pe cardul cu care s-a plătit"
        )
    }
}

extension Line {
    static func sample(
        _ sku: String,
        _ name: String,
        _ quantity: Int,
        _ price: Int64,
        _ rate: VATRate
    ) throws -> Line {
        try Line(
            sku: sku,
            name: name,
            quantity: quantity,
            unitPrice: Money(minor: price, .ron),
            vatRate: rate
        )
    }
}

extension InvoiceParty {
    static let sampleSeller = InvoiceParty(
        name: "Magazin Exemplu SRL",
        identity: CUI(parsing: "RO90123459").map(TaxIdentity.vatPayer) ?? .unidentifiedConsumer,
        tradeRegister: "J12/1234/2015",
        legalText: "Capital social 200 RON",
        address: Address(
            street: "Strada Exemplului nr. 10",
            city: "Cluj-Napoca",
            county: "RO-CJ",
            postalCode: "400001",
            country: "RO"
        ),
        phone: "+40 264 000 000",
        email: "contact@example.ro"
    )

    static func sampleBuyer(
        _ name: String = "Ștefania Țîrlea",
        _ identity: TaxIdentity = .unidentifiedConsumer
    ) -> InvoiceParty {
        InvoiceParty(
            name: name,
            identity: identity,
            address: Address(
                street: "Bd. Ion Mihalache nr. 5, bl. A, sc. 2, ap. 14",
                city: "SECTOR1",
                county: "RO-B",
                postalCode: "011171",
                country: "RO"
            )
        )
    }
}
