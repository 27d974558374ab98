import Commerce
import Foundation
import Testing
import UBL

@Suite("Rules for documents") struct SampleRuleTests {
    @Test("let the samples pass", arguments: Sample.allCases)
    func samples(sample: Sample) throws {
        let faults = try UBLRules.faults(of: sample.bytes, today: Documents.today())
        #expect(faults == [])
    }

    /// A sample with one thing wrong, and the rule that says so.
    struct Variant: Sendable, CustomTestStringConvertible {
        var sample: Sample
        var from: String
        var to: String
        var rule: String
        var field: String

        init(
            _ sample: Sample,
            _ from: String,
            _ to: String,
            _ rule: String,
            _ field: String
        ) {
            self.sample = sample
            self.from = from
            self.to = to
            self.rule = rule
            self.field = field
        }

        var testDescription: String { "\(rule) \(field) \(sample)" }
    }

    @Test("refuse a variant by the rule that it breaks, and by no other", arguments: variants)
    func variant(variant: Variant) throws {
        let text = String(decoding: try variant.sample.bytes, as: UTF8.self)
        let range = try #require(text.firstRange(of: variant.from))
        let broken = text.replacingCharacters(in: range, with: variant.to)
        let faults = try UBLRules.faults(of: Array(broken.utf8), today: Documents.today())
        #expect(faults.map(\.rule) == [variant.rule])
        #expect(faults.map(\.field) == [variant.field])
        #expect(faults.allSatisfy { $0.location.hasPrefix("/*") && !$0.text.isEmpty })
    }

    private static let specification = ":CIUS-RO:1.0.1"
    private static let bucharest = "<cbc:CountrySubentity>RO-B</cbc:CountrySubentity>"
    private static let buyersName = "<cbc:RegistrationName>Ana Popescu-Exemplu<"
    private static let scheme = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"

    static let variants: [Variant] = [
        Variant(.consumer, specification, ":CIUS-RO:1.0.0", "BR-RO-001", "BT-24"),
        Variant(.creditNote, specification, ":CIUS-RO:1.0.0", "BR-RO-001", "BT-24"),
        Variant(.consumer, "<cbc:ID>MEX000124<", "<cbc:ID>MEX<", "BR-RO-010", "BT-1"),
        Variant(.consumer, ">380<", ">381<", "BR-RO-020_1", "BT-3"),
        Variant(.creditNote, ">381<", ">380<", "BR-RO-020_2", "BT-3"),

        // Places.
        Variant(.consumer, bucharest, "", "BR-RO-111", "BT-54"),
        Variant(.creditNote, bucharest, "", "BR-RO-111", "BT-54"),
        Variant(.consumer, ">RO-CJ<", ">CJ<", "BR-RO-110", "BT-39"),
        Variant(.consumer, ">SECTOR4<", ">București<", "BR-RO-101", "BT-52"),
        Variant(.creditNote, ">SECTOR4<", ">Sector 4<", "BR-RO-101", "BT-52"),
        Variant(.consumer, ">Cluj-Napoca<", "><", "BR-RO-091", "BT-37"),
        Variant(.consumer, ">Strada Exemplului nr. 10<", "> <", "BR-RO-081", "BT-35"),
        Variant(.adjusted, ">Strada Principală nr. 3<", "><", "BR-RO-082", "BT-50"),
        Variant(.adjusted, ">Brașov<", "><", "BR-RO-092", "BT-52"),
        Variant(.adjusted, ">Săcele<", "><", "BR-RO-201", "BT-77"),
        Variant(.consumer, ">041312<", ">41312<", "OWN-POSTAL-CODE", "BT-53"),
        Variant(.creditNote, ">400001<", ">40000A<", "OWN-POSTAL-CODE", "BT-38"),

        // Parties.
        Variant(.consumer, buyersName, "<cbc:RegistrationName><", "BR-07", "BT-44"),
        Variant(.consumer, ">0000000000000<", "><", "BR-RO-120", "BT-47"),
        Variant(.consumer, ">0000000000000<", ">1630615123458<", "OWN-CNP", "BT-47"),
        Variant(.creditNote, ">0000000000000<", ">0000000000001<", "OWN-CNP", "BT-47"),
        Variant(.adjusted, ">98887770<", ">98887771<", "OWN-CUI", "BT-47"),
        Variant(.adjusted, ">98887770<", ">RO98887770<", "OWN-CUI", "BT-47"),
        Variant(.business, ">RO93456784<", ">RO93456785<", "OWN-CUI", "BT-48"),
        Variant(.creditNote, ">RO90123459<", ">RO90123458<", "OWN-CUI", "BT-31"),
        Variant(.business, ">RO93456784<", ">93456784<", "BR-CO-09", "BT-48"),
        Variant(.business, "B31007593840000", "B31007593840001", "OWN-IBAN", "BT-84"),

        // Sums.
        Variant(.business, ">1783.00</cbc:P", ">1783.01</cbc:P", "BR-CO-16", "BT-115"),
        Variant(.adjusted, ">373.63</cbc:P", ">373.62</cbc:P", "BR-CO-16", "BT-115"),
        Variant(.adjusted, ">32.79</cbc:A", ">32.7900</cbc:A", "BR-DEC-RO-10", "BT-107"),
        Variant(.creditNote, ">49.58</cbc:Pr", ">49.59</cbc:Pr", "OWN-LINE-NET", "BT-131"),
        Variant(.business, ">495.0413<", ">495.05<", "OWN-LINE-NET", "BT-131"),

        // Lines.
        Variant(.consumer, "unitCode=\"PR\"", "unitCode=\"BUC\"", "BR-CL-23", "BT-130"),
        Variant(.consumer, "<cbc:Name>Șosete</cbc:Name>", "", "BR-25", "BT-153"),
        Variant(.consumer, "<cbc:ID>3</cbc:ID>", "<cbc:ID>2</cbc:ID>", "OWN-POSITION", "BT-126"),
        Variant(
            .adjusted,
            "<cbc:AllowanceChargeReason>Transport</cbc:AllowanceChargeReason>",
            "<cbc:AllowanceChargeReason>\(String(repeating: "Ț", count: 101))"
                + "</cbc:AllowanceChargeReason>",
            "BR-RO-L1018",
            "BT-104"
        ),

        // Days.
        Variant(.consumer, ">2026-11-20<", ">2026-11-25<", "OWN-FUTURE", "BT-2"),
        Variant(.consumer, ">2026-11-20<", ">2026-11-20Z<", "BR-RO-DT001", "BT-2"),
        Variant(.consumer, ">2026-11-20<", ">2026-02-30<", "BR-RO-DT001", "BT-2"),
        Variant(.business, ">2026-12-20<", ">2026-11-19<", "OWN-DUE", "BT-9"),
        Variant(.business, "<cbc:DueDate>2026-12-20</cbc:DueDate>", "", "BR-CO-25", "BT-9"),
        Variant(
            .creditNote,
            "<cac:PaymentTerms>",
            "<cac:PaymentMeans><cbc:PaymentMeansCode>10</cbc:PaymentMeansCode>"
                + "<cbc:PaymentDueDate>2026-11-21</cbc:PaymentDueDate></cac:PaymentMeans>"
                + "<cac:PaymentTerms>",
            "OWN-DUE",
            "BT-9"
        ),
        Variant(.creditNote, ">2026-11-20<", ">2026-11-23<", "OWN-ORIGINAL", "BT-26"),
    ]
}
