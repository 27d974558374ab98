import Commerce
import Testing

@Suite("Numbers of parties and accounts") struct TaxNumberTests {
    @Test(
        "accepts a personal number",
        arguments: [
            "1630615123457", "1800101221144", "2900101410011", "5000229400078",
            // Whose sum leaves ten.
            "1800101220021",
        ]
    )
    func validCNP(text: String) {
        #expect(CNP(parsing: text)?.description == text)
    }

    @Test(
        "refuses a personal number with a wrong check digit, date, county or form",
        arguments: [
            // The check digit.
            "2900101410012", "1630615123456", "0000000000000",
            // 30 February, month 13, 29 February of a year without one; their digits are right.
            "1630231123452", "1631315123457", "5010229400076", "1900229123453",
            // Counties 99, 49 and 00, and a first digit of nobody.
            "1630615993454", "1630615493451", "1630615003458", "0630615123455",
            "6000101017890", "163061512345", "16306151234577", "163061512345X", " 630615123457",
            "",
        ]
    )
    func invalidCNP(text: String) {
        #expect(CNP(parsing: text) == nil)
    }

    @Test("finds every single wrong digit of a personal number's check")
    func checkDigitOfCNP() {
        let valid = (0...9).filter { CNP(parsing: "163061512345\($0)") != nil }
        #expect(valid == [7])
    }

    @Test(
        "accepts an account's number, with blanks and small letters too",
        arguments: [
            ("RO49AAAA1B31007593840000", "RO49AAAA1B31007593840000"),
            ("ro49 aaaa 1b31 0075 9384 0000", "RO49AAAA1B31007593840000"),
            ("DE89370400440532013000", "DE89370400440532013000"),
            ("GB82WEST12345698765432", "GB82WEST12345698765432"),
        ]
    )
    func validIBAN(text: String, description: String) {
        #expect(IBAN(parsing: text)?.description == description)
    }

    @Test(
        "refuses an account's number that is wrong",
        arguments: [
            "RO49AAAA1B31007593840001", "RO98RNCB1234567890123456", "RO49AAAA1B3100759384000",
            "RO49AAAA1B310075938400000", "RO49", "", "4949AAAA1B31007593840000",
            "ROXXAAAA1B31007593840000", "DE89370400440532013001", "RO49AAAA1B3100759384000-",
            "RO49AAAÎ1B31007593840000",
        ]
    )
    func invalidIBAN(text: String) {
        #expect(IBAN(parsing: text) == nil)
    }

    @Test("numbers documents by a series and at least six digits")
    func numbers() {
        #expect(InvoiceNumber(series: "MEX", ordinal: 124)?.description == "MEX000124")
        #expect(InvoiceNumber(series: "MEXS", ordinal: 1)?.description == "MEXS000001")
        #expect(InvoiceNumber(series: "A1", ordinal: 1_234_567)?.description == "A11234567")
        #expect(InvoiceNumber(series: "M", ordinal: .max)?.description == "M\(Int64.max)")
        for series in ["", "mex", "1MEX", "MEX-", "ȘERIE", String(repeating: "M", count: 21)] {
            #expect(InvoiceNumber(series: series, ordinal: 1) == nil)
        }
        #expect(InvoiceNumber(series: "MEX", ordinal: 0) == nil)
        #expect(InvoiceNumber(series: "MEX", ordinal: -1) == nil)
    }
}
