import Commerce
import Foundation
import Testing
import UBL
import XML

@Suite("Writing documents") struct UBLWriterTests {
    private func text(_ document: InvoiceDocument) throws -> String {
        String(decoding: try UBLWriter.bytes(of: document), as: UTF8.self)
    }

    /// What our rules say, and later those of EN 16931.
    private func faults(_ document: InvoiceDocument, _ name: String) throws -> [UBLFault] {
        let bytes = try UBLWriter.bytes(of: document)
        try DocumentFolder.leave(bytes, as: name)
        return try UBLRules.faults(of: bytes, today: Documents.today())
    }

    private func golden(_ name: String) throws -> String {
        let file = Bundle.module.bundleURL.appendingPathComponent("Resources/\(name).xml")
        return try String(contentsOf: file, encoding: .utf8)
    }

    private static func full() throws -> InvoiceDocument {
        let iban = try #require(IBAN(parsing: "RO49AAAA1B31007593840000"))
        var document = try Documents.invoice(
            buyer: Documents.buyer(
                "Cafenea Șapte Țărăncuțe SRL",
                .vatPayer(Documents.cui("93456784")),
                tradeRegister: "J40/5678/2019"
            ),
            deliverTo: Address(
                name: "Ion Popescu",
                street: "Strada Gării nr. 1",
                city: "Săcele",
                county: "RO-BV",
                postalCode: "505600",
                country: "RO"
            ),
            notes: ["Comanda web.", "A doua notă."],
            paymentMeans: InvoicePaymentMeans(
                code: .creditTransfer,
                text: "Ordin de plată",
                iban: iban,
                accountName: "Magazin Exemplu SRL"
            ),
            discount: OrderAdjustment(gross: Documents.ron(2_000), reason: "Reducere, PROMO10"),
            shipping: OrderAdjustment(gross: Documents.ron(1_999), reason: "Transport"),
            prepaid: 5_000
        )
        document.dueDate = try Documents.date("2026-12-20")
        document.deliveryDate = try Documents.date("2026-11-19")
        return document
    }

    @Test("writes an invoice with all that can stand on one")
    func invoice() throws {
        let document = try Self.full()
        let text = try text(document)
        #expect(text == (try golden("written-invoice")))
        let faults = try faults(document, "whole-invoice")
        #expect(faults == [])
    }

    @Test("lets a credit note keep a rate that was in force on the day of delivery alone")
    func creditNoteOfOldSupply() throws {
        let former = try #require(VATRate(percent: 19))
        var invoice = try Documents.invoice([Documents.line("Tricou bumbac", 5_999, former)])
        #expect(try faults(invoice, "late-invoice").map(\.rule) == ["OWN-RATE"])
        invoice.deliveryDate = try Documents.date("2025-07-30")
        #expect(try faults(invoice, "late-invoice") == [])
        let note = try Documents.creditNote(of: invoice)
        #expect(try faults(note, "late-credit-note") == [])
    }

    @Test("writes a credit note, with its due date where UBL wants it")
    func creditNote() throws {
        var document = try Documents.creditNote(
            of: Documents.invoice(),
            .lines([Crediting.Piece(position: 1, quantity: 1, gross: Documents.ron(5_999))])
        )
        document.dueDate = try Documents.date("2026-12-04")
        let text = try text(document)
        #expect(text == (try golden("written-credit-note")))
        let faults = try faults(document, "whole-credit-note")
        #expect(faults == [])
    }

    @Test("writes the same bytes each time")
    func stable() throws {
        let document = try Self.full()
        let first = try UBLWriter.bytes(of: document)
        let second = try UBLWriter.bytes(of: document)
        #expect(first == second)
    }

    @Test("names no schema's location, which the tax office's firewall refuses")
    func location() throws {
        let text = try text(Self.full())
        #expect(!text.contains("schemaLocation"))
    }

    @Test("writes each kind of buyer so that the rules let him pass")
    func buyers() throws {
        let codes: [(InvoiceParty.TaxIdentity, String)] = [
            (.unidentifiedConsumer, "<cbc:CompanyID>0000000000000</cbc:CompanyID>"),
            (
                .consumer(try #require(CNP(parsing: "1630615123457"))),
                "<cbc:CompanyID>1630615123457</cbc:CompanyID>"
            ),
            (.company(try Documents.cui("98887770")), "<cbc:CompanyID>98887770</cbc:CompanyID>"),
            (.vatPayer(try Documents.cui("93456784")), "<cbc:CompanyID>RO93456784</cbc:CompanyID>"),
        ]
        for (number, (identity, element)) in codes.enumerated() {
            let document = try Documents.invoice(buyer: Documents.buyer("Exemplu", identity))
            let text = try text(document)
            #expect(text.contains(element))
            let faults = try faults(document, "buyer-\(number)")
            #expect(faults == [])
        }
    }

    @Test("writes a seller who pays no VAT as outside of it, with no VAT identifier anywhere")
    func outside() throws {
        let none = try #require(VATRate(percent: 0))
        for (name, register) in [("register", "J12/1234/2015"), ("no-register", nil)] {
            let document = try Documents.invoice(
                [Documents.line("Cană", 1_000, quantity: 3, none)],
                seller: Documents.seller(
                    .company(Documents.cui("90123459")),
                    tradeRegister: register
                ),
                buyer: Documents.buyer("Exemplu SRL", .vatPayer(Documents.cui("93456784")))
            )
            let faults = try faults(document, "outside-\(name)")
            #expect(faults == [])
            let text = try text(document)
            #expect(text.contains("<cbc:ID>O</cbc:ID>"))
            #expect(!text.contains("cbc:Percent"))
            #expect(!text.contains("RO93456784"))
            #expect(text.contains("<cbc:CompanyID>93456784</cbc:CompanyID>"))
            #expect(text.contains(">VATEX-EU-O<"))
        }
    }

    @Test("lets a seller who pays no VAT ask for none")
    func payer() throws {
        let seller = try Documents.seller(.company(Documents.cui("90123459")))
        let bytes = try UBLWriter.bytes(of: Documents.invoice(seller: seller))
        let faults = try UBLRules.faults(of: bytes, today: Documents.today())
        #expect(faults.map(\.rule) == ["OWN-PAYER"])
    }

    @Test("writes a comma for a semicolon in an address, which the firewall takes for an attack")
    func firewall() throws {
        let document = try Documents.invoice(
            buyer: Documents.buyer(street: "Str. Lungă 3;CP 12")
        )
        let text = try text(document)
        #expect(text.contains("<cbc:StreetName>Str. Lungă 3,CP 12</cbc:StreetName>"))
    }

    @Test("writes a document of 5,000 lines, and none beyond 10 MB")
    func large() throws {
        let lines = try (0..<5_000).map { try Documents.line("Produs \($0)", 100) }
        let document = try Documents.invoice(lines)
        let faults = try UBLRules.faults(
            of: UBLWriter.bytes(of: document),
            today: Documents.today()
        )
        #expect(faults == [])
        var larger = document
        larger.lines += document.lines + document.lines + document.lines
        #expect(throws: XMLError.tooLarge(limit: 10_000_000)) {
            try UBLWriter.bytes(of: larger)
        }
    }
}
