import Commerce
import Foundation
import Signing
import Testing
import Web

@testable import OrderService

@Suite("The page of an invoice to print") struct InvoicePrintTests {
    private func page(_ document: InvoiceDocument) -> String { InvoicePrint(document).page.text }

    @Test("shows the parties, the lines, the tax of each rate and the sums, in Romanian")
    func invoice() throws {
        let document = try InvoiceDocument.sample(discount: 1_000, notes: ["Ambalaj cadou"])
        let page = page(document)
        for shown in [
            "<html lang=\"ro\">", "<title>Factură LUP000124</title>",
            "Seria <b>LUP</b> nr. <b>000124</b>", "20.11.2026", "RO-7Q4K-92MX-3",
            "Magazin Exemplu SRL", "RO90123459", "J12/1234/2015", "Capital social 200 RON",
            "400001 Cluj-Napoca, jud. Cluj", "Ștefania Țîrlea", "011171 București, sectorul 1",
            "Cană albă, țărănească, cu toartă<small>CANA-ALBA</small>", "<td>buc.</td><td>3</td>",
            "Transport", "Reducere", "<p>Ambalaj cadou</p>", "Card bancar",
            "Plata integrală cu cardul la comandă",
        ] {
            #expect(page.contains(shown), "\(shown)")
        }
        for group in document.vat {
            let gross = Money(minor: group.base.minor + group.vat.minor, .ron)
            let row =
                "<tr><td>\(group.rate.percent)%</td><td>\(group.base.printed)</td>"
                + "<td>\(group.vat.printed)</td><td>\(gross.printed)</td></tr>"
            #expect(page.contains(row))
        }
        let totals = document.totals
        #expect(totals.gross.minor == 3 * 4_999 + 2 * 3_210 + 1_990 - 1_000)
        for (term, amount) in [
            ("Total fără TVA", totals.net), ("TVA", totals.vat), ("Total", totals.gross),
            ("Rest de plată", totals.payable),
        ] {
            #expect(page.contains("\(term)</th><td>\(amount.printed) lei</td>"), "\(term)")
        }
        // What is taken off has a minus, and the rows come to the total.
        #expect(page.contains("<td>\u{2212}"))
        #expect(!page.contains("Stornează") && !page.contains("Adresa de livrare"))
    }

    @Test("of a credit note names the invoice that it credits, and asks for no money")
    func creditNote() throws {
        let original = try InvoiceDocument.sample()
        let page = page(try .sampleCreditNote(of: original))
        #expect(page.contains("<h1>Factură storno</h1>"))
        #expect(page.contains("Stornează factura <b>LUP000124</b> din <b>20.11.2026</b>"))
        #expect(page.contains("Total storno</th><td>99,98 lei</td>"))
        #expect(!page.contains("Rest de plată"))
    }

    @Test("tells a company's tax number and register, and a consumer's number where it was given")
    func identities() throws {
        let cui = try #require(CUI(parsing: "93456784"))
        let cnp = try #require(CNP(parsing: "1800101221144"))
        for (identity, shown) in [
            (.vatPayer(cui), "<dt>CIF</dt><dd>RO93456784</dd>"),
            (.company(cui), "<dt>CIF</dt><dd>93456784</dd>"),
            (.consumer(cnp), "<dt>CNP</dt><dd>1800101221144</dd>"),
        ] as [(InvoiceParty.TaxIdentity, String)] {
            let page = page(try .sample(buyer: .sampleBuyer("Comerț Exemplu SRL", identity)))
            #expect(page.contains(shown))
        }
        let page = page(try .sample())
        #expect(!page.contains("CNP") && !page.contains("0000000000000"))
    }

    @Test("escapes whatever people have written, and shows no mark that turns text around")
    func hostile() throws {
        let hostile = "</td><script>alert(\"x\")</script>&amp;'\u{202E}\u{0}\u{7}😀e\u{301}"
        let page = page(
            try .sample(
                buyer: .sampleBuyer(hostile),
                lines: [.sample(hostile, hostile, 1, 100, .standard)],
                notes: [hostile]
            )
        )
        let shown = "&lt;/td&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;amp;&#39;"
        #expect(page.ranges(of: shown).count == 4)
        #expect(!page.contains("<script") && page.contains("😀e\u{301}"))
        let removed: Set<Unicode.Scalar> = ["\u{202E}", "\u{0}", "\u{7}"]
        #expect(!page.unicodeScalars.contains(where: removed.contains))
    }

    @Test("has a row for each of 200 lines, which come to the total")
    func long() throws {
        let document = try InvoiceDocument.sample(
            lines: (1...200).map { number in
                let rate = number.isMultiple(of: 3) ? VATRate.reduced : .standard
                return try .sample("SKU-\(number)", "Produs nr. \(number)", number, 49, rate)
            }
        )
        let page = page(document)
        let rows = page.matches(of: /<tr><td>(\d+)<\/td><td class="name">/).map { $0.output.1 }
        #expect(rows == (1...202).map { "\($0)"[...] })
        let sums = page.matches(of: /<td>([0-9.,]+)<\/td><\/tr>\n/).map { match in
            Int64(match.output.1.filter(\.isNumber)) ?? 0
        }
        // The lines, then the two rates.
        #expect(sums.prefix(202).reduce(0, +) == document.totals.gross.minor)
        #expect(sums.dropFirst(202).reduce(0, +) == document.totals.gross.minor)
    }

    @Test("lets in its own style and nothing else")
    func policy() throws {
        let page = page(try .sample())
        let style = try #require(page.firstMatch(of: /<style>((?s).*?)<\/style>/)?.output.1)
        let hash = Data(SHA256.digest(Array(style.utf8)).bytes).base64EncodedString()
        let directives = InvoicePrint.contentSecurityPolicy.components(separatedBy: "; ")
        #expect(
            directives == [
                "default-src 'none'", "style-src 'sha256-\(hash)'", "base-uri 'none'",
                "form-action 'none'", "frame-ancestors 'none'",
            ]
        )
        // No attribute `style`, which the hash would not allow, and nothing from elsewhere.
        for absent in ["style=", "<script", "<link", "src=", "url(", "@import"] {
            #expect(!page.contains(absent), "\(absent)")
        }
    }

    @Test(
        "writes amounts as people in Romania do",
        arguments: [
            (0, "0,00"), (5, "0,05"), (-5, "\u{2212}0,05"), (99_999, "999,99"),
            (100_000, "1.000,00"), (-123_456_789, "\u{2212}1.234.567,89"),
            (.max, "92.233.720.368.547.758,07"), (.min, "\u{2212}92.233.720.368.547.758,08"),
        ] as [(Int64, String)]
    )
    func amounts(minor: Int64, text: String) {
        #expect(Money(minor: minor, .ron).printed == text)
    }

    @Test(
        "gives a piece's price to four decimals where it has them",
        arguments: [
            (1_000, 1, "10,00"), (1_000, 3, "3,3333"), (2_000, 3, "6,6667"), (825, 100, "0,0825"),
            (1_050, 100, "0,105"), (1_050, 1_000, "0,0105"), (-2_000, 3, "\u{2212}6,6667"),
            (825_620, 100, "82,562"), (7, 200, "0,0004"), (0, 9, "0,00"), (100, 0, "1,00"),
        ] as [(Int64, Int, String)]
    )
    func prices(minor: Int64, count: Int, text: String) {
        #expect(Money(minor: minor, .ron).printed(dividedBy: count) == text)
    }

    @Test("writes days and accounts as people do")
    func forms() throws {
        #expect(CalendarDate(parsing: "2026-02-05")?.printed == "05.02.2026")
        let iban = try #require(IBAN(parsing: "RO49AAAA1B31007593840000"))
        #expect(iban.printed == "RO49 AAAA 1B31 0075 9384 0000")
    }
}
