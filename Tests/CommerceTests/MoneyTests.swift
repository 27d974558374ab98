import Commerce
import Testing

@Suite("Money") struct MoneyTests {
    @Test("adds and multiplies, or says why not")
    func arithmetic() throws {
        let large = Money(minor: .max, .ron)
        #expect(try Money(minor: 2, .ron).adding(Money(minor: 3, .ron)) == Money(minor: 5, .ron))
        #expect(try Money(minor: 199, .ron).multiplied(by: 999) == Money(minor: 198_801, .ron))
        #expect(throws: Money.Failure.overflow) { try large.adding(Money(minor: 1, .ron)) }
        #expect(throws: Money.Failure.overflow) { try large.multiplied(by: 2) }
        #expect(throws: Money.Failure.overflow) { try Money(minor: .min, .ron).multiplied(by: -1) }
        #expect(try large.adding(.zero(.ron)) == large)
        #expect(throws: Money.Failure.differentCurrencies(.ron, .eur)) {
            try large.adding(Money(minor: 1, .eur))
        }
    }

    @Test(
        "knows currencies by three capital letters",
        arguments: [
            ("RON", true), ("EUR", true), ("ron", false), ("RO", false), ("RONN", false),
            ("R0N", false), ("ȚAR", false), ("", false),
        ]
    )
    func currencies(code: String, isValid: Bool) {
        #expect((Currency(rawValue: code) != nil) == isValid)
    }

    @Test("does not let a line's total overflow")
    func lines() {
        #expect(throws: Money.Failure.overflow) {
            try Line(
                sku: "A",
                name: "A",
                quantity: 2,
                unitPrice: Money(minor: .max, .ron),
                vatRate: .standard
            )
        }
    }
}
