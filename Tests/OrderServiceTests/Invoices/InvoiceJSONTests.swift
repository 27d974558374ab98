import Commerce
import Testing
import Web

@testable import OrderService

@Suite("The stored form of invoices") struct InvoiceJSONTests {
    private static let address = Address(
        street: "Str. Memorandumului 28",
        city: "Cluj-Napoca",
        county: "RO-CJ",
        postalCode: "400114",
        country: "RO"
    )

    private func document(_ identity: InvoiceParty.TaxIdentity) throws -> InvoiceDocument {
        let line = try Line(
            sku: "CAFEA-250",
            name: "Cafea „boabe” & <ciocolată> 🫘",
            quantity: 3,
            unitPrice: Money(minor: 2_599, .ron),
            vatRate: .reduced
        )
        let code = try #require(CUI(parsing: "RO90123459"))
        return try InvoiceDocument.invoice(
            number: try #require(InvoiceNumber(series: "MEX", ordinal: 124)),
            issueDate: try #require(CalendarDate(parsing: "2026-11-20")),
            dueDate: CalendarDate(parsing: "2026-12-04"),
            paymentTerms: "Plata la livrare.",
            deliveryDate: CalendarDate(parsing: "2026-11-19"),
            notes: ["O notă", "și alta"],
            orderNumber: "RO-7Q4K-92MX-3",
            seller: InvoiceParty(
                name: "Magazin Exemplu SRL",
                identity: .vatPayer(code),
                tradeRegister: "J12/1234/2015",
                legalText: "Capital social 200 RON",
                address: Self.address,
                phone: "+40 264 000 000",
                email: "facturi@example.ro"
            ),
            buyer: InvoiceParty(
                name: "Ana Țîrlea",
                identity: identity,
                tradeRegister: "J40/1/2020",
                address: Self.address,
                contactName: "Ana"
            ),
            deliverTo: Self.address,
            paymentMeans: InvoicePaymentMeans(
                code: .creditTransfer,
                text: "Ordin de plată",
                iban: IBAN(parsing: "RO49AAAA1B31007593840000"),
                accountName: "Magazin Exemplu SRL"
            ),
            lines: [line],
            discount: OrderAdjustment(gross: Money(minor: 500, .ron), reason: "PROMO"),
            shipping: OrderAdjustment(gross: Money(minor: 1_999, .ron), reason: "Transport"),
            prepaid: Money(minor: 100, .ron)
        )
    }

    private static let identities: [InvoiceParty.TaxIdentity] = [
        CUI(parsing: "RO18547290").map { .vatPayer($0) },
        CUI(parsing: "18547290").map { .company($0) },
        CNP(parsing: "1630615123457").map { .consumer($0) },
        .unidentifiedConsumer,
    ].compactMap { $0 }

    @Test("is read as what was written", arguments: identities)
    func roundTrip(identity: InvoiceParty.TaxIdentity) throws {
        let document = try document(identity)
        let read = try InvoiceJSON.document(
            InvoiceJSON.text(of: document),
            number: document.number
        )
        #expect(read == document)
        let note = try InvoiceDocument.creditNote(
            of: document,
            after: [],
            crediting: .amount(Money(minor: 1_000, .ron)),
            number: try #require(InvoiceNumber(series: "MEXS", ordinal: 1)),
            issueDate: document.issueDate,
            paymentTerms: "Se restituie."
        )
        #expect(
            try InvoiceJSON.document(InvoiceJSON.text(of: note), number: note.number) == note
        )
    }

    @Test("has its version, and no number before there is one")
    func members() throws {
        let document = try document(.unidentifiedConsumer)
        let issued = InvoiceJSON.json(of: document)
        #expect(issued["version"] == 1 && issued["number"] == "MEX000124")
        #expect(issued["seller"]?["vatId"] == "RO90123459" && issued["buyer"]?["cui"] == .null)
        let draft = InvoiceJSON.json(of: document, isIssued: false)
        #expect(draft["number"] == .null && draft["totals"] == issued["totals"])
    }

    @Test(
        "is refused where a member is of another form",
        arguments: ["version", "kind", "issueDate", "currency", "seller", "lines", "totals"]
    )
    func unreadable(member: String) throws {
        let document = try document(.unidentifiedConsumer)
        let changed = InvoiceJSON.json(of: document).replacing(member, with: "?")
        let error = #expect(throws: InvoiceJSON.Unreadable.self) {
            try InvoiceJSON.document(changed, number: document.number)
        }
        #expect(error?.description.isEmpty == false)
    }
}
