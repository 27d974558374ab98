import Testing

@testable import OrderService

@Suite("The journal of invoices as CSV") struct InvoiceJournalTests {
    @Test(
        "writes any name as one field, and none as a formula",
        arguments: [
            ("Ana Pop", "Ana Pop"), ("Ana, Pop", "\"Ana, Pop\""),
            ("„A” \"B\"", "\"„A” \"\"B\"\"\""),
            ("=1+1", "'=1+1"), ("+40", "'+40"), ("@A1", "'@A1"), ("-1,5", "\"'-1,5\""),
            ("＝1+1", "'＝1+1"), ("", ""), ("'=1", "'=1"),
            // Read by semicolons, or by tabs, it has cells of its own.
            ("Ana;=cmd|'/C calc'!A0;x", "Ana;'=cmd|'/C calc'!A0;x"), ("A;;＋1;-2", "A;;'＋1;'-2"),
            ("A;\"=1\"", "\"A;'\"\"=1\"\"\""), ("A\t@1", "A\t'@1"), ("A\n=1", "\"A\n'=1\""),
            ("Ana; Pop", "Ana; Pop"), ("Pop-Ana;SRL", "Pop-Ana;SRL"), ("A;", "A;"),
            // A mark makes one character of itself and what is before it, for Swift alone.
            ("=\u{301}1+1", "'=\u{301}1+1"), ("A,\u{301}=1", "\"A,\u{301}=1\""),
            ("A\"\u{301},=1", "\"A\"\"\u{301},=1\""), ("\"\u{200D}", "\"\"\"\u{200D}\""),
        ]
    )
    func fields(text: String, field: String) {
        let line = InvoiceJournal.line(["a", text, "1.00"])
        #expect(line.unicodeScalars.elementsEqual("a,\(field),1.00\r\n".unicodeScalars))
    }
}
