import Commerce
import Foundation
import Testing

@testable import UBL

@Suite("The table of rules") struct RuleTableTests {
    /// A rule of the ministry's set 1.0.9.
    private struct Official {
        var id: String
        var limit: Int?
    }

    private static func official() throws -> [Official] {
        let file = Bundle.module.bundleURL.appendingPathComponent("Resources/ro-rules-1.0.9.tsv")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst()
            .map { line in
                let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
                return Official(id: String(columns[0]), limit: Int(columns[2]))
            }
    }

    @Test("has each of the ministry's 122, with its limit")
    func complete() throws {
        let official = try Self.official()
        #expect(official.count == 122)
        for rule in official {
            let ours = UBLRules.all.filter { $0.id == rule.id }
            #expect(ours.count == 1, "\(rule.id)")
            switch try #require(ours.first).test {
            case .charactersAtMost(let most), .nodesAtMost(let most, _):
                #expect(most == rule.limit, "\(rule.id)")
            case .amount: #expect(rule.limit == 2, "\(rule.id)")
            case .date, .given, .oneOf, .check: #expect(rule.limit == nil, "\(rule.id)")
            }
        }
    }

    @Test("names a field for each")
    func fields() {
        for rule in UBLRules.all {
            #expect(rule.field.hasPrefix("BT-") || rule.field.hasPrefix("BG-"), "\(rule.id)")
            #expect(!rule.subject.isEmpty)
        }
    }

    /// Every rule about a length or decimals, for both kinds of documents.
    private static let textual = UBLRules.all.filter { rule in
        switch rule.test {
        case .charactersAtMost, .amount, .date: true
        default: false
        }
    }

    @Test("counts characters, decimals and days in invoices and in credit notes alike")
    func textualRules() throws {
        #expect(Self.textual.count > 75)
        for rule in Self.textual {
            let (good, bad): ([String], [String])
            switch rule.test {
            case .charactersAtMost(let most):
                good = [String(repeating: "ș", count: most), ""]
                bad = [String(repeating: "ș", count: most + 1)]
            case .amount:
                (good, bad) = (["1", "1.1", "-1.12"], ["1.123", "1,10", "1e2", "", " 1"])
            default: (good, bad) = (["2026-11-20"], ["2026-11-20Z", "20.11.2026", ""])
            }
            for kind in InvoiceDocument.Kind.allCases {
                let path = SmallDocument.path(rule.context, of: kind)
                for text in good + bad {
                    let bytes = SmallDocument.bytes(kind, with: path, text)
                    let faults = try UBLRules.faults(of: bytes, today: Documents.today())
                    let isFaulty = faults.contains { $0.rule == rule.id }
                    #expect(isFaulty == bad.contains(text), "\(rule.id) \(kind) \(text)")
                }
            }
        }
    }
}
