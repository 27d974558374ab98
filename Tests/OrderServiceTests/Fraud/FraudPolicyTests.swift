import Commerce
import Foundation
import Testing

@testable import OrderService

@Suite("Rules for fraud") struct FraudPolicyTests {
    @Test("are changed by a setting, weight and threshold")
    func changes() throws {
        var policy = FraudPolicy()
        try policy.change(by: "velocity_email=30@6, new_customer=0")
        #expect(policy[.velocityEmail] == FraudPolicy.Scale(weight: 30, threshold: 6))
        #expect(policy[.newCustomer] == FraudPolicy.Scale(weight: 0, threshold: 1))
        #expect(policy[.velocityNetwork].weight == 10)
    }

    @Test(
        "are changed by nothing else",
        arguments: [
            ("velocity_mail=3", "«velocity_mail» is no rule"),
            ("velocity_email", "«velocity_email» is not rule=weight@from"),
            ("velocity_email=", "velocity_email cannot weigh «»"),
            ("velocity_email=-1", "velocity_email cannot weigh «-1»"),
            ("velocity_email=1000001", "velocity_email cannot weigh «1000001»"),
            ("velocity_email=3@0", "velocity_email cannot hold from «0»"),
            ("velocity_email=3@4@5", "velocity_email cannot weigh «3@4@5»"),
            ("new_customer=1 new_customer=2", "new_customer is given twice"),
        ]
    )
    func faults(text: String, fault: String) {
        var policy = FraudPolicy()
        #expect { try policy.change(by: text) } throws: { error in
            (error as? FraudPolicy.Fault)?.text == fault
        }
    }

    @Test("stand in Operating.md as they are in the code")
    func document() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = "Sources/OrderService/Documentation.docc/Operating.md"
        let text = String(
            decoding: try Data(contentsOf: root.appending(path: path)),
            as: UTF8.self
        )
        let start = try #require(text.firstRange(of: FraudRule.markers.start))
        let end = try #require(text.firstRange(of: FraudRule.markers.end))
        let table = text[start.upperBound..<end.lowerBound].split(separator: "\n")
        let expected = FraudRule.document.split(separator: "\n")
        try #require(table.count == expected.count)
        for (line, wanted) in zip(table, expected) { #expect(line == wanted) }
    }

    private static func address(_ street: String, city: String = "Cluj-Napoca") -> Address {
        Address(street: street, city: city, county: "RO-CJ", postalCode: "400001", country: "RO")
    }

    @Test(
        "know one door in several spellings",
        arguments: ["str. lunga 1", "STR LUNGĂ, 1", " Str.Lungă  1", "Str Lunga nr.1"]
    )
    func spellings(street: String) {
        let names = FraudFingerprints(key: [1])
        let known = names.delivery(Self.address("Str. Lungă 1"))
        let isSame = !street.contains("nr")
        #expect((names.delivery(Self.address(street)) == known) == isSame)
    }

    @Test("tell nobody without the key what they count by, and know the key before it")
    func keys() {
        let present = FraudFingerprints(key: [1], previousKey: [2])
        let past = FraudFingerprints(key: [2])
        let other = FraudFingerprints(key: [3])
        let names = present.email("Ana@Example.ro")
        #expect(names == present.email("ana@example.ro"))
        #expect(names.count == 2 && names[0] != names[1])
        #expect(past.email("ana@example.ro") == [names[1]])
        #expect(!names.contains(other.email("ana@example.ro")[0]))
        #expect(names[0] != present.email("ion@example.ro")[0])
        #expect(names.allSatisfy { $0.count == 16 })
    }
}
