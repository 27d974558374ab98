import Commerce
import Foundation
import Testing
import UBL
import XML

@Suite("Broken documents") struct BrokenDocumentTests {
    private func rules(_ sample: Sample, _ changes: [(from: String, to: String)]) throws -> [String]
    {
        var text = String(decoding: try sample.bytes, as: UTF8.self)
        for (from, to) in changes {
            try #require(text.contains(from))
            text = text.replacingOccurrences(of: from, with: to)
        }
        return try UBLRules.faults(of: Array(text.utf8), today: Documents.today()).map(\.rule)
    }

    @Test("a total that is wrong is named by every sum that it is in")
    func totals() throws {
        let net = try rules(.adjusted, [(">315.14<", ">315.13<")])
        #expect(net == ["BR-CO-13", "BR-CO-15"])
        let gross = try rules(.adjusted, [(">373.63</cbc:TaxI", ">373.64</cbc:TaxI")])
        #expect(gross == ["BR-CO-15", "BR-CO-16"])
        let lines = try rules(.adjusted, [(">327.93<", ">327.94<")])
        #expect(lines == ["BR-CO-10", "BR-CO-13"])
        let discounts = try rules(.adjusted, [(">32.79<", ">32.78<")])
        #expect(discounts == ["BR-CO-11", "BR-CO-13"])
        let charges = try rules(.adjusted, [(">20.00</cbc:ChargeT", ">20.01</cbc:ChargeT")])
        #expect(charges == ["BR-CO-12", "BR-CO-13"])
        let vat = try rules(.adjusted, [(">58.49<", ">58.50<")])
        #expect(vat == ["BR-CO-14", "BR-CO-15"])
    }

    @Test("two bani too much of VAT, balanced everywhere else, are refused")
    func vat() throws {
        let found = try rules(
            .consumer,
            [
                (">30.48<", ">30.50<"), (">26.02<", ">26.04<"), (">194.95<", ">194.97<"),
            ]
        )
        #expect(found == ["OWN-VAT"])
    }

    @Test("a credit note may have a ban more or less, since a chain of them closes, and no two")
    func vatOfCreditNote() throws {
        for (vat, gross, expected) in [
            ("10.42", "60.00", []), ("10.40", "59.98", []), ("10.43", "60.01", ["OWN-VAT"]),
        ] {
            let found = try rules(.creditNote, [("10.41", vat), ("59.99", gross)])
            #expect(found == expected)
        }
    }

    @Test("a negative price is refused, whatever it comes to")
    func price() throws {
        let found = try rules(.creditNote, [(">49.58</cbc:Pr", ">-49.58</cbc:Pr")])
        #expect(found == ["BR-27", "OWN-LINE-NET"])
    }

    @Test("a base that is not what the lines come to is refused, if only by a ban")
    func base() throws {
        let found = try rules(.business, [(">1064.46<", ">1064.45<")])
        #expect(found == ["BR-S-08"])
    }

    @Test("a rate without a group is refused")
    func groups() throws {
        let text = String(decoding: try Sample.consumer.bytes, as: UTF8.self)
        let line = try #require(text.range(of: "<cac:ClassifiedTaxCategory>"))
        let other = text.replacingCharacters(
            in: try #require(text.range(of: "21.00", range: line.upperBound..<text.endIndex)),
            with: "19.00"
        )
        let faults = try UBLRules.faults(of: Array(other.utf8), today: Documents.today())
        #expect(faults.map(\.rule) == ["BR-S-08", "BR-S-01"])
    }

    @Test("two groups of one rate are refused")
    func doubleGroup() throws {
        let text = String(decoding: try Sample.creditNote.bytes, as: UTF8.self)
        let start = try #require(text.range(of: "<cac:TaxSubtotal>")).lowerBound
        let end = try #require(text.range(of: "</cac:TaxSubtotal>")).upperBound
        let double = text.replacingCharacters(
            in: start..<end,
            with: text[start..<end] + text[start..<end]
        )
        let faults = try UBLRules.faults(of: Array(double.utf8), today: Documents.today())
        #expect(faults.map(\.rule) == ["BR-CO-14", "BR-S-01"])
    }

    @Test("a category that nobody knows, or whose rate does not fit it, is refused")
    func categories() throws {
        let unknown = try rules(.creditNote, [("<cbc:ID>S<", "<cbc:ID>X<")])
        #expect(Set(unknown) == ["BR-CL-17", "OWN-CATEGORY"])
        for category in ["Z", "O", "E"] {
            let mixed = try rules(.creditNote, [("<cbc:ID>S<", "<cbc:ID>\(category)<")])
            #expect(mixed.contains("OWN-CATEGORY"))
        }
        let untaxed = try rules(.creditNote, [("21.00", "0.00")])
        #expect(untaxed.contains("OWN-CATEGORY"))
    }

    @Test("a country that there is not is refused, whoever's it is")
    func countries() throws {
        for kind in InvoiceDocument.Kind.allCases {
            var document = try Documents.invoice(buyer: Documents.buyer(country: "XX"))
            if kind == .creditNote { document = try Documents.creditNote(of: document) }
            let bytes = try UBLWriter.bytes(of: document)
            let faults = try UBLRules.faults(of: bytes, today: Documents.today())
            #expect(faults.map(\.rule) == ["BR-CL-14"] && faults.map(\.field) == ["BT-55"])
        }
    }

    @Test("a rate is refused where it was not in force on the day")
    func rates() throws {
        // The bases stay and the VAT is 19 %.
        let changes = [
            ("21.00", "19.00"), ("10.41", "9.42"), ("59.99", "59.00"),
        ]
        let late = try rules(.creditNote, changes)
        #expect(late == ["OWN-RATE"])
        // A credit note keeps the rate of its invoice, of July 2025.
        let early = try rules(.creditNote, changes + [("2026-11-20</cbc:I", "2025-07-31</cbc:I")])
        #expect(early == [])
        let next = try rules(.creditNote, changes + [("2026-11-20</cbc:I", "2025-08-01</cbc:I")])
        #expect(next == ["OWN-RATE"])
    }

    @Test("a credit note without its invoice is refused")
    func original() throws {
        let text = String(decoding: try Sample.creditNote.bytes, as: UTF8.self)
        let start = try #require(text.range(of: "<cac:BillingReference>")).lowerBound
        let end = try #require(text.range(of: "</cac:BillingReference>")).upperBound
        let without = text.replacingCharacters(in: start..<end, with: "")
        let faults = try UBLRules.faults(of: Array(without.utf8), today: Documents.today())
        #expect(faults.map(\.rule) == ["OWN-ORIGINAL", "OWN-ORIGINAL"])
        #expect(faults.map(\.field) == ["BT-25", "BT-26"])
    }

    @Test("lines without end are refused by no more than a hundred faults")
    func many() throws {
        let text = String(decoding: try Sample.creditNote.bytes, as: UTF8.self)
        let start = try #require(text.range(of: "<cac:CreditNoteLine>")).lowerBound
        let end = try #require(text.range(of: "</cac:CreditNoteLine>")).upperBound
        let line = text[start..<end].replacingOccurrences(of: "H87", with: "BUC")
        let long = text.replacingCharacters(
            in: start..<end,
            with: String(repeating: line, count: 300)
        )
        let faults = try UBLRules.faults(of: Array(long.utf8), today: Documents.today())
        #expect(faults.count == 100)
    }

    @Test("what is no invoice is refused as such, what is no XML throws")
    func others() throws {
        let today = try Documents.today()
        let other = try UBLRules.faults(of: Array("<Invoice/>".utf8), today: today)
        #expect(other.map(\.rule) == ["OWN-ROOT"])
        #expect(throws: XMLError.self) { try UBLRules.faults(of: [], today: today) }
    }

    @Test("an empty invoice lacks everything at once")
    func empty() throws {
        let text = "<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/>"
        let faults = try UBLRules.faults(of: Array(text.utf8), today: Documents.today())
        let rules = Set(faults.map(\.rule))
        #expect(
            rules.isSuperset(of: [
                "BR-RO-001", "BR-RO-081", "BR-RO-082", "BR-RO-091", "BR-RO-092", "BR-RO-120",
                "BR-02", "BR-03", "BR-04", "BR-05", "BR-06", "BR-07", "BR-09", "BR-11", "BR-12",
                "BR-13", "BR-14", "BR-15", "BR-16", "BR-CO-18", "BR-CO-26",
            ])
        )
    }
}
