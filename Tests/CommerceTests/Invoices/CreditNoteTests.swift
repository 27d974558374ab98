import Commerce
import Testing

@Suite("Credit notes") struct CreditNoteTests {
    private typealias Sample = InvoiceSample

    private static func piece(_ position: Int, _ quantity: Int, _ gross: Int64) -> Crediting.Piece {
        Crediting.Piece(position: position, quantity: quantity, gross: Sample.ron(gross))
    }

    /// 2 × 59.99 and 3 × 9.99 at 21 %, 45.00 at 11 %.
    private static func invoice(discount: Int64 = 0, shipping: Int64 = 0) throws -> InvoiceDocument
    {
        try Sample.invoice(
            [
                Sample.line(5_999, quantity: 2, name: "Tricou bumbac"),
                Sample.line(4_500, rate: .reduced, name: "Carte"),
                Sample.line(999, quantity: 3, name: "Șosete"),
            ],
            discount: discount,
            shipping: shipping,
            prepaid: 19_495 - discount + shipping
        )
    }

    @Test("is that of the sample for one of two T-shirts")
    func sample() throws {
        let original = try Self.invoice()
        let note = try Sample.creditNote(of: original, .lines([Self.piece(1, 1, 5_999)]))
        #expect(note.kind == .creditNote && note.kind.typeCode == 381)
        #expect(note.number.description == "MEXS000001")
        #expect(note.preceding?.number == "MEX000124")
        #expect(note.preceding?.issueDate.description == "2026-11-20")
        #expect(note.seller == original.seller && note.buyer == original.buyer)
        #expect(note.orderNumber == original.orderNumber)
        #expect(note.paymentMeans == original.paymentMeans)
        #expect(note.lines.map(\.name) == ["Tricou bumbac"])
        #expect(note.lines.map(\.quantity) == [1])
        #expect(note.lines.map(\.net.minor) == [4_958])
        #expect(note.vat.map(\.vat.minor) == [1_041])
        #expect(note.vat.map(\.base.minor) == [4_958])
        #expect(note.totals.gross.minor == 5_999)
        #expect(note.totals.payable.minor == 5_999 && note.totals.prepaid.minor == 0)
        #expect(note.sumFlaws.isEmpty)
    }

    @Test("keeps the invoice's positions, in their order")
    func positions() throws {
        let pieces = [Self.piece(3, 2, 1_998), Self.piece(1, 2, 11_998)]
        let note = try Sample.creditNote(of: try Self.invoice(), .lines(pieces))
        #expect(note.lines.map(\.position) == [1, 3])
        #expect(note.lines.map(\.quantity) == [2, 2])
    }

    @Test("mirrors an invoice that nothing was credited of", arguments: [0, 1])
    func mirror(byAmount: Int) throws {
        let original = try Self.invoice(discount: 1_950, shipping: 1_999)
        let crediting = byAmount == 1 ? Crediting.amount(original.totals.gross) : .rest
        let note = try Sample.creditNote(of: original, crediting)
        #expect(note.lines == original.lines)
        #expect(note.adjustments == original.adjustments)
        #expect(note.vat == original.vat)
        #expect(note.totals.gross == original.totals.gross)
        #expect(note.totals.prepaid.minor == 0)
        #expect(note.totals.payable == original.totals.gross)
        #expect(try InvoiceBalance(of: original, after: [note]).gross.minor == 0)
    }

    @Test("mirrors an invoice of nothing, once")
    func free() throws {
        let original = try Sample.invoice([Sample.line(0)])
        let note = try Sample.creditNote(of: original, .rest)
        #expect(note.lines == original.lines && note.totals.gross == .zero(.ron))
        #expect(throws: CreditNoteFailure.nothing) {
            try Sample.creditNote(of: original, after: [note], .rest)
        }
        #expect(throws: CreditNoteFailure.nothing) {
            try Sample.creditNote(of: original, .amount(.zero(.ron)))
        }
    }

    @Test("shares an amount over the rates by what is left of each, on lines of its own")
    func amount() throws {
        let original = try Self.invoice()
        let first = try Sample.creditNote(of: original, .lines([Self.piece(1, 2, 11_998)]))
        // Left are 29.97 at 21 % and 45.00 at 11 %.
        let second = try Sample.creditNote(
            of: original,
            after: [first],
            .amount(Sample.ron(2_499))
        )
        #expect(second.vat.map(\.rate.percent) == [11, 21])
        #expect(second.lines.map(\.gross.minor) == [1_500, 999])
        #expect(second.lines.map(\.position) == [4, 5])
        #expect(second.lines.allSatisfy { $0.sku == nil && $0.quantity == 1 })
        #expect(second.lines.map(\.name).allSatisfy { $0.contains("MEX000124") })
        #expect(second.sumFlaws.isEmpty)
    }

    @Test("credits what lines have left, with discount and shipping, as it stands on the invoice")
    func restOfGoods() throws {
        let original = try Self.invoice(discount: 1_950, shipping: 1_999)
        let first = try Sample.creditNote(of: original, .lines([Self.piece(1, 1, 5_999)]))
        let rest = try Sample.creditNote(of: original, after: [first], .rest)
        #expect(rest.lines.map(\.position) == [1, 2, 3])
        #expect(rest.lines.map(\.quantity) == [1, 1, 3])
        #expect(rest.lines.map(\.gross.minor) == [5_999, 4_500, 2_997])
        #expect(rest.adjustments.map(\.gross) == original.adjustments.map(\.gross))
        #expect(rest.adjustments.map(\.reason) == original.adjustments.map(\.reason))
        #expect(rest.totals.gross.minor == original.totals.gross.minor - 5_999)
        #expect(rest.totals.vat.minor == original.totals.vat.minor - first.totals.vat.minor)
    }

    @Test("credits shipping that is left alone as a line of its name")
    func restOfShipping() throws {
        let original = try Self.invoice(shipping: 1_999)
        let all = original.lines.map { Self.piece($0.position, $0.quantity, $0.gross.minor) }
        let goods = try Sample.creditNote(of: original, .lines(all))
        let rest = try Sample.creditNote(of: original, after: [goods], .rest)
        #expect(rest.lines.map(\.name) == ["Transport", "Transport"])
        #expect(rest.lines.map(\.gross) == original.adjustments.map(\.gross))
        #expect(rest.adjustments.isEmpty)
        #expect(rest.totals.gross.minor == 1_999)
    }

    @Test("credits one sum a rate where what is left of lines does not make it up")
    func restOfAmounts() throws {
        let original = try Self.invoice(shipping: 1_999)
        let first = try Sample.creditNote(of: original, .amount(Sample.ron(5_000)))
        let rest = try Sample.creditNote(of: original, after: [first], .rest)
        #expect(rest.lines.map(\.position) == [4, 5])
        #expect(rest.adjustments.isEmpty)
        #expect(rest.totals.gross.minor == original.totals.gross.minor - 5_000)
        #expect(rest.totals.vat.minor == original.totals.vat.minor - first.totals.vat.minor)
    }

    @Test("credits one sum where goods worth a ban cannot bear the tax that is left")
    func restOfNearlyNothing() throws {
        let original = try Sample.invoice([Sample.line(3), Sample.line(1)], shipping: 3)
        let first = try Sample.creditNote(of: original, .lines([Self.piece(1, 1, 3)]))
        #expect(original.totals.vat.minor == 1 && first.totals.vat.minor == 1)
        // No tax is left, but shipping at 3 bani contains one: the goods' net would be 2 of 1.
        let rest = try Sample.creditNote(of: original, after: [first], .rest)
        #expect(rest.lines.map(\.gross.minor) == [4] && rest.lines.map(\.net.minor) == [4])
        #expect(rest.lines.map(\.position) == [3])
        #expect(rest.adjustments.isEmpty && rest.totals.vat.minor == 0)
    }

    @Test("credits no more than is left of a line, of its rate and of the invoice")
    func limits() throws {
        let original = try Self.invoice(discount: 12_000)
        let first = try Sample.creditNote(of: original, .lines([Self.piece(1, 1, 3_000)]))
        func refused(_ crediting: Crediting) -> CreditNoteFailure? {
            #expect(throws: CreditNoteFailure.self) {
                try Sample.creditNote(of: original, after: [first], crediting)
            }
        }
        let left = try InvoiceBalance(of: original, after: [first])
        #expect(left.gross.minor == 19_495 - 12_000 - 3_000)
        #expect(left.lines[0].quantity == 1 && left.lines[0].gross.minor == 8_998)
        let line = CreditNoteFailure.exceedsLine(
            position: 1,
            quantityLeft: 1,
            left: Sample.ron(8_998)
        )
        #expect(refused(.lines([Self.piece(1, 2, 100)])) == line)
        #expect(refused(.lines([Self.piece(1, 1, 8_999)])) == line)
        // The discount took 92.30 of the rate's 149.95.
        let rate = CreditNoteFailure.exceedsRate(.standard, left: Sample.ron(2_765))
        #expect(refused(.lines([Self.piece(1, 1, 2_766)])) == rate)
        #expect(refused(.lines([Self.piece(1, 1, 1_000), Self.piece(3, 3, 2_997)])) == rate)
        #expect(
            refused(.amount(Sample.ron(4_496))) == .exceedsInvoice(left: Sample.ron(4_495))
        )
        #expect(refused(.amount(Sample.ron(.max))) == .exceedsInvoice(left: Sample.ron(4_495)))
    }

    @Test("refuses what is nothing, unknown, doubled or in another currency")
    func refuses() throws {
        let original = try Self.invoice()
        func refused(_ crediting: Crediting) -> CreditNoteFailure? {
            #expect(throws: CreditNoteFailure.self) {
                try Sample.creditNote(of: original, crediting)
            }
        }
        #expect(refused(.lines([])) == .nothing)
        #expect(refused(.lines([Self.piece(1, 1, 0)])) == .nothing)
        #expect(refused(.lines([Self.piece(1, 0, 100)])) == .nothing)
        #expect(refused(.lines([Self.piece(1, -1, 100)])) == .nothing)
        #expect(refused(.lines([Self.piece(1, 1, -100)])) == .nothing)
        #expect(refused(.amount(Sample.ron(-1))) == .nothing)
        #expect(refused(.lines([Self.piece(4, 1, 100)])) == .unknownLine(position: 4))
        #expect(refused(.lines([Self.piece(0, 1, 100)])) == .unknownLine(position: 0))
        let twice = [Self.piece(1, 1, 100), Self.piece(1, 1, 100)]
        #expect(refused(.lines(twice)) == .lineTwice(position: 1))
        let euro = Money(minor: 1, .eur)
        #expect(refused(.amount(euro)) == .differentCurrencies(.ron, .eur))
        let piece = Crediting.Piece(position: 1, quantity: 1, gross: euro)
        #expect(refused(.lines([piece])) == .differentCurrencies(.ron, .eur))
    }
}
