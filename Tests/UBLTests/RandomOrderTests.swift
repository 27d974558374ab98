import Commerce
import Testing
import UBL

/// Our rules here, and later those of EN 16931 (`DocumentFolder`).
@Suite("Documents of random orders") struct RandomOrderTests {
    @Test("break no rule: 2,000 invoices and their credit notes", arguments: 0..<20)
    func rules(batch: Int) throws {
        var random = SeededRandom(seed: UInt64(batch))
        var creditNote = Int64(batch) * 1_000
        for order in 1...100 {
            let order = try RandomOrder(ordinal: Int64(batch * 100 + order), &random)
            let notes = try order.creditNotes(ordinal: &creditNote, &random)
            for document in [order.invoice] + notes {
                let bytes = try UBLWriter.bytes(of: document)
                let faults = try UBLRules.faults(of: bytes, today: Documents.today())
                #expect(faults == [], "\(document.number)")
                try DocumentFolder.leave(bytes, as: document.number.description)
            }
        }
        // A batch that credits nothing would show nothing of credit notes.
        #expect(creditNote > Int64(batch) * 1_000 + 50)
    }
}
