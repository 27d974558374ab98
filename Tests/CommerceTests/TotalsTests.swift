import Commerce
import Testing

@Suite("VAT and totals") struct TotalsTests {
    @Test(
        "takes the tax out of a gross amount, half up",
        arguments: [
            // gross × rate ÷ (100 + rate)
            (12_100, 21, 2_100), (121, 21, 21), (100, 21, 17), (1, 21, 0), (2, 21, 0), (3, 21, 1),
            (11_100, 11, 1_100), (5, 11, 0), (6, 11, 1), (0, 21, 0), (1_000, 0, 0),
            (1, 100, 1), (3, 100, 2), (4, 100, 2),
            // Exactly one half, in the rate of 100 %, goes up; 4_990 at 21 % is 866.03….
            (4_990, 21, 866), (3_490, 11, 346), (99_999_999, 21, 17_355_372),
        ]
    )
    func taxes(gross: Int64, percent: Int, vat: Int64) throws {
        let rate = try #require(VATRate(percent: percent))
        #expect(rate.taxContained(in: Money(minor: gross, .ron)) == Money(minor: vat, .ron))
    }

    @Test("rounds as exact arithmetic does, up to the largest amount", arguments: 0..<4)
    func exactRounding(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<2_000 {
            let percent = Int.random(in: 0...100, using: &random)
            let gross = Int64.random(
                in: 0...(Int64.max >> Int64.random(in: 0...62, using: &random)),
                using: &random
            )
            let rate = try #require(VATRate(percent: percent))
            let vat = rate.taxContained(in: Money(minor: gross, .ron)).minor
            // 2 × |vat × (100 + rate) − gross × rate| ≤ 100 + rate, ties upwards.
            let divisor = Int128(100 + percent)
            let difference = Int128(vat) * divisor - Int128(gross) * Int128(percent)
            #expect(2 * difference <= divisor && 2 * difference > -divisor)
            #expect((0...gross).contains(vat))
        }
    }

    @Test("refuses a rate beyond 0 to 100", arguments: [-1, 101, .min, .max])
    func rates(percent: Int) {
        #expect(VATRate(percent: percent) == nil)
    }

    @Test("has groups that add up to the total, each with a tax between nothing and all")
    func groups() throws {
        var random = SeededRandom(seed: 11)
        let rates = [VATRate.standard, .reduced, try #require(VATRate(percent: 0))]
        for _ in 0..<500 {
            let lines = try (0..<Int.random(in: 1...20, using: &random)).map { index in
                try Line(
                    sku: "S\(index)",
                    name: "Produs",
                    quantity: Int.random(in: 1...999, using: &random),
                    unitPrice: Money(minor: .random(in: 0...9_999_999, using: &random), .ron),
                    vatRate: rates[Int.random(in: 0..<rates.count, using: &random)]
                )
            }
            let price = Int64.random(in: 0...2_000, using: &random)
            let method = ShippingMethod(
                id: "m",
                name: "M",
                price: Money(minor: price, .ron),
                vatRate: .standard,
                freeFrom: Bool.random(using: &random) ? Money(minor: 50_000, .ron) : nil
            )
            let hasMethod = Bool.random(using: &random)
            let totals = try Totals(
                lines: lines,
                shipping: hasMethod ? method : nil,
                currency: .ron
            )
            let items = lines.reduce(0) { $0 + $1.unitPrice.minor * Int64($1.quantity) }
            #expect(totals.items.minor == items)
            #expect(totals.total.minor == items + totals.shipping.minor)
            #expect(totals.groups.reduce(0) { $0 + $1.gross.minor } == totals.total.minor)
            #expect(totals.groups.allSatisfy { (0...$0.gross.minor).contains($0.vat.minor) })
            #expect(totals.groups.allSatisfy { $0.net.minor + $0.vat.minor == $0.gross.minor })
            #expect(totals.groups.map(\.rate) == Set(totals.groups.map(\.rate)).sorted())
        }
    }

    @Test("makes shipping free from its limit on, not before")
    func freeShipping() throws {
        let method = ShippingMethod(
            id: "courier",
            name: "Curier",
            price: Money(minor: 1_999, .ron),
            vatRate: .standard,
            freeFrom: Money(minor: 30_000, .ron)
        )
        #expect(method.price(forItems: Money(minor: 29_999, .ron)).minor == 1_999)
        #expect(method.price(forItems: Money(minor: 30_000, .ron)).minor == 0)
    }

    @Test(
        "lets shipping bear the goods' rates, shared out by value, not the method's own",
        arguments: [
            // Goods at 21 % and 11 %, and the gross of 11 % and 21 % with 20.00 of shipping.
            (10_000, 0, [12_000: 21]), (0, 10_000, [12_000: 11]),
            (7_500, 2_500, [3_000: 11, 9_000: 21]), (1, 2, [1_335: 11, 668: 21]),
            (0, 0, [2_000: 19]),
        ] as [(Int64, Int64, [Int64: Int])]
    )
    func shippingRates(standard: Int64, reduced: Int64, groups: [Int64: Int]) throws {
        let lines = try [(standard, VATRate.standard), (reduced, .reduced)].map { price, rate in
            try Line(
                sku: "A",
                name: "A",
                quantity: 1,
                unitPrice: Money(minor: price, .ron),
                vatRate: rate
            )
        }
        let method = ShippingMethod(
            id: "courier",
            name: "Curier",
            price: Money(minor: 2_000, .ron),
            vatRate: try #require(VATRate(percent: 19)),
            freeFrom: nil
        )
        let totals = try Totals(lines: lines, shipping: method, currency: .ron)
        let found = totals.groups.filter { $0.gross.minor > 0 }
            .map { ($0.gross.minor, $0.rate.percent) }
        #expect(Dictionary(uniqueKeysWithValues: found) == groups)
        #expect(totals.total.minor == standard + reduced + 2_000)
    }

    @Test("has no group for shipping that costs nothing, and none at all for an empty basket")
    func emptyGroups() throws {
        let totals = try Totals(lines: [], shipping: nil, currency: .ron)
        #expect(totals.groups.isEmpty && totals.total == .zero(.ron))
    }

    @Test("refuses sums beyond 64 bits and mixed currencies")
    func refuses() throws {
        func line(_ minor: Int64, _ currency: Currency) throws -> Line {
            try Line(
                sku: "A",
                name: "A",
                quantity: 1,
                unitPrice: Money(minor: minor, currency),
                vatRate: .standard
            )
        }
        #expect(throws: Money.Failure.overflow) {
            try Totals(lines: [line(.max, .ron), line(1, .ron)], shipping: nil, currency: .ron)
        }
        #expect(throws: Money.Failure.differentCurrencies(.ron, .eur)) {
            try Totals(lines: [line(1, .ron), line(1, .eur)], shipping: nil, currency: .ron)
        }
    }
}
