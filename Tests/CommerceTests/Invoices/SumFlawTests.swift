import Commerce
import Testing

@Suite("Sums that do not add up") struct SumFlawTests {
    @Test("are found, each under its term")
    func found() throws {
        let invoice = try InvoiceSample.invoice(
            [InvoiceSample.line(30_000), InvoiceSample.line(8_880, rate: .reduced)],
            discount: 3_888,
            shipping: 2_371,
            prepaid: 100
        )
        #expect(invoice.sumFlaws.isEmpty)
        let amounts: [(term: String, amount: WritableKeyPath<InvoiceDocument, Money>)] = [
            ("BT-106", \.totals.lines), ("BT-107", \.totals.allowances),
            ("BT-108", \.totals.charges), ("BT-109", \.totals.net), ("BT-110", \.totals.vat),
            ("BT-112", \.totals.gross), ("BT-115", \.totals.payable),
            ("BT-115", \.totals.prepaid), ("BT-116", \.vat[0].base), ("BT-117", \.vat[1].vat),
            ("BT-116", \.lines[0].net), ("BT-117", \.lines[0].gross),
            ("BT-116", \.adjustments[0].net), ("BT-117", \.adjustments[3].gross),
        ]
        for (term, amount) in amounts {
            for change: Int64 in [-1, 1, 1_000] {
                var changed = invoice
                let minor = changed[keyPath: amount].minor + change
                changed[keyPath: amount] = Money(minor: minor, .ron)
                #expect(changed.sumFlaws.contains { $0.term == term })
            }
        }
    }

    @Test("are found of an invoice whose tax is a ban off, though all of it adds up")
    func invoice() throws {
        for change: Int64 in [-1, 1] {
            var invoice = try InvoiceSample.invoice([InvoiceSample.line(1_000)])
            invoice.vat[0].vat = InvoiceSample.ron(invoice.vat[0].vat.minor + change)
            invoice.vat[0].base = InvoiceSample.ron(invoice.vat[0].base.minor - change)
            invoice.lines[0].net = invoice.vat[0].base
            invoice.totals = InvoiceTotals(
                lines: invoice.lines,
                adjustments: [],
                vat: invoice.vat,
                prepaid: .zero(.ron)
            )
            #expect(invoice.sumFlaws.map(\.term) == ["BT-117"])
            #expect(invoice.sumFlaws.map(\.expected?.minor) == [174])
        }
    }

    @Test("are not said to be what wraps around", arguments: [Int64.max, .max - 1_000, .min])
    func uncountable(minor: Int64) throws {
        var invoice = try InvoiceSample.invoice(
            [InvoiceSample.line(1_000), InvoiceSample.line(1_000)]
        )
        for amount in [\InvoiceDocument.lines[0].gross, \.lines[0].net, \.vat[0].base] {
            var changed = invoice
            changed[keyPath: amount] = InvoiceSample.ron(minor)
            #expect(!changed.sumFlaws.isEmpty)
            #expect(changed.sumFlaws.allSatisfy { $0.expected == nil })
        }
        invoice.lines[0].net = InvoiceSample.ron(1_000_000_000_000)
        #expect(!invoice.sumFlaws.isEmpty)
        #expect(invoice.sumFlaws.allSatisfy { $0.expected != nil })
    }

    @Test("allow the tax of a credit note one ban, and no more")
    func creditNote() throws {
        let invoice = try InvoiceSample.invoice([InvoiceSample.line(1_000)])
        var note = try InvoiceSample.creditNote(of: invoice, .amount(InvoiceSample.ron(600)))
        for step: Int64 in 1...2 {
            note.vat[0].vat = InvoiceSample.ron(note.vat[0].vat.minor + 1)
            note.vat[0].base = InvoiceSample.ron(note.vat[0].base.minor - 1)
            note.lines[0].net = note.vat[0].base
            note.totals = InvoiceTotals(
                lines: note.lines,
                adjustments: [],
                vat: note.vat,
                prepaid: .zero(.ron)
            )
            #expect(note.sumFlaws.map(\.term) == (step == 1 ? [] : ["BT-117"]))
        }
    }

    @Test("are found of a rate that has a group and nothing in it, or none and something")
    func groups() throws {
        var invoice = try InvoiceSample.invoice([InvoiceSample.line(1_210)])
        invoice.vat.append(
            InvoiceVAT(
                rate: .reduced,
                base: InvoiceSample.ron(100),
                vat: InvoiceSample.ron(11)
            )
        )
        #expect(invoice.sumFlaws.contains { $0.rate == .reduced && $0.term == "BT-116" })
        invoice.vat = []
        #expect(invoice.sumFlaws.contains { $0.rate == .standard && $0.term == "BT-116" })
    }
}
