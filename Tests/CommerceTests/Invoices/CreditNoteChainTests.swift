import Commerce
import Testing

@Suite("Chains of credit notes") struct CreditNoteChainTests {
    private typealias Sample = InvoiceSample

    /// Credits an invoice step by step, by lines and by amounts, until nothing is left.
    ///
    /// - Returns: the credit notes, in their order.
    private static func chain(
        of invoice: InvoiceDocument,
        _ random: inout SeededRandom
    ) throws -> [InvoiceDocument] {
        var notes: [InvoiceDocument] = []
        while true {
            let balance = try InvoiceBalance(of: invoice, after: notes)
            guard balance.gross.minor > 0 else { return notes }
            let crediting = wish(balance, steps: notes.count, &random)
            do {
                notes.append(try Sample.creditNote(of: invoice, after: notes, crediting))
            } catch CreditNoteFailure.exceedsRate(_, let left) {
                // Lines at their full price, under a rate that a discount has lessened.
                #expect(left.minor < balance.lines.reduce(0) { $0 + $1.gross.minor })
                let sum = Money(minor: max(1, left.minor), .ron)
                notes.append(try Sample.creditNote(of: invoice, after: notes, .amount(sum)))
            }
        }
    }

    private static func wish(
        _ balance: InvoiceBalance,
        steps: Int,
        _ random: inout SeededRandom
    ) -> Crediting {
        let left = balance.gross.minor
        if steps == 12 || Int.random(in: 0..<6, using: &random) == 0 { return .rest }
        let lines = balance.lines.filter { $0.quantity > 0 && $0.gross.minor > 0 }
        guard !lines.isEmpty, Bool.random(using: &random) else {
            return .amount(Sample.ron(.random(in: 1...left, using: &random)))
        }
        let chosen = lines.shuffled(using: &random).prefix(.random(in: 1...5, using: &random))
        return .lines(
            chosen.map { line in
                let quantity = Int.random(in: 1...line.quantity, using: &random)
                let isWhole = Bool.random(using: &random)
                return Crediting.Piece(
                    position: line.original.position,
                    quantity: quantity,
                    gross: isWhole
                        ? line.gross : Sample.ron(.random(in: 1...line.gross.minor, using: &random))
                )
            }
        )
    }

    @Test("close to the tax of every rate exactly, for every order", arguments: 0..<20)
    func closes(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed &+ 1_000)
        var lengths: [Int] = []
        for _ in 0..<100 {
            // Others wait for the thread.
            await Task.yield()
            let order = try RandomOrder(&random)
            let invoice = try order.invoice()
            let notes = try Self.chain(of: invoice, &random)
            lengths.append(notes.count)
            #expect(notes.allSatisfy { $0.sumFlaws.isEmpty && $0.totals.gross.minor > 0 })
            #expect(notes.allSatisfy { !$0.lines.isEmpty })
            #expect(
                notes.flatMap(\.lines).allSatisfy { (0...$0.gross.minor).contains($0.net.minor) }
            )
            // The tax office lets a difference below one leu through; ours is below two bani.
            #expect(
                notes.flatMap(\.vat).allSatisfy {
                    abs($0.vat.minor * 100 - $0.base.minor * Int64($0.rate.percent)) < 200
                }
            )
            #expect(notes.allSatisfy { Set($0.lines.map(\.position)).count == $0.lines.count })
            #expect(notes.reduce(0) { $0 + $1.totals.gross.minor } == order.total)
            for group in invoice.vat {
                let credited = notes.flatMap(\.vat).filter { $0.rate == group.rate }
                #expect(credited.reduce(0) { $0 + $1.vat.minor } == group.vat.minor)
                #expect(credited.reduce(0) { $0 + $1.base.minor } == group.base.minor)
            }
        }
        #expect(lengths.contains { $0 > 4 } && lengths.contains(1))
    }

    @Test("bear, at each step, the tax of all that has been credited by then")
    func cumulativeTax() throws {
        let invoice = try Sample.invoice([Sample.line(1_000)])
        var notes: [InvoiceDocument] = []
        for step in 1...100 {
            notes.append(try Sample.creditNote(of: invoice, after: notes, .amount(Sample.ron(10))))
            let credited = VATRate.standard.taxContained(in: Sample.ron(Int64(step) * 10))
            #expect(notes.reduce(0) { $0 + $1.totals.vat.minor } == credited.minor)
        }
        // Each alone has 1.74 bani; a hundred times two would be 27 bani too much.
        #expect(Set(notes.map(\.totals.vat.minor)) == [1, 2])
        #expect(notes.reduce(0) { $0 + $1.totals.vat.minor } == invoice.totals.vat.minor)
    }

    @Test("do not depend on the order in which earlier notes are given")
    func orderOfNotes() async throws {
        var random = SeededRandom(seed: 77)
        for _ in 0..<100 {
            await Task.yield()
            let invoice = try RandomOrder(&random).invoice()
            let notes = try Self.chain(of: invoice, &random)
            let shuffled = notes.dropLast().shuffled(using: &random)
            guard !shuffled.isEmpty else { continue }
            let last = try Sample.creditNote(of: invoice, after: shuffled, .rest)
            #expect(last.totals == notes.last?.totals)
        }
    }

    @Test("are of one invoice alone")
    func unrelated() throws {
        let invoice = try Sample.invoice([Sample.line(1_000)])
        let other = try Sample.invoice([Sample.line(1_000)], ordinal: 125)
        let note = try Sample.creditNote(of: other, .rest)
        func failure(
            _ original: InvoiceDocument,
            _ notes: [InvoiceDocument]
        ) -> CreditNoteFailure? {
            #expect(throws: CreditNoteFailure.self) {
                try Sample.creditNote(of: original, after: notes, .rest)
            }
        }
        #expect(failure(invoice, [note]) == .unrelated(.notItsCreditNote(note.number)))
        #expect(failure(invoice, [other]) == .unrelated(.notItsCreditNote(other.number)))
        #expect(failure(note, []) == .unrelated(.notAnInvoice))
        let own = try Sample.creditNote(of: invoice, .amount(Sample.ron(600)))
        #expect(failure(invoice, [own, own]) == .unrelated(.exceedsInvoice(own.number)))
    }

    @Test("show a document whose tax was changed")
    func wrongTax() throws {
        var invoice = try Sample.invoice([Sample.line(1_000)])
        var note = try Sample.creditNote(of: invoice, .amount(Sample.ron(600)))
        note.vat[0].vat = Sample.ron(note.vat[0].vat.minor + 1)
        note.vat[0].base = Sample.ron(note.vat[0].base.minor - 1)
        #expect(throws: InvoiceBalance.Failure.wrongTax(.standard)) {
            try InvoiceBalance(of: invoice, after: [note])
        }
        invoice.vat[0].vat = Sample.ron(invoice.vat[0].vat.minor + 1)
        #expect(throws: InvoiceBalance.Failure.wrongTax(.standard)) {
            try InvoiceBalance(of: invoice, after: [])
        }
    }
}
