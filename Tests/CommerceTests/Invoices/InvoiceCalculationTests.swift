import Commerce
import Testing

@Suite("Amounts of an invoice") struct InvoiceCalculationTests {
    private typealias Sample = InvoiceSample

    /// What the published samples say, whose totals the tax office's rules accept.
    @Test("is that of the sample for a company, with two rates")
    func companySample() throws {
        let invoice = try Sample.invoice([
            Sample.line(59_900, quantity: 2), Sample.line(9_900, quantity: 5, rate: .reduced),
            Sample.line(3_000, quantity: 3),
        ])
        #expect(invoice.lines.map(\.net.minor) == [99_008, 44_595, 7_438])
        #expect(invoice.vat.map(\.base.minor) == [44_595, 106_446])
        #expect(invoice.vat.map(\.vat.minor) == [4_905, 22_354])
        #expect(invoice.totals.net.minor == 151_041)
        #expect(invoice.totals.gross.minor == 178_300)
        #expect(invoice.totals.payable.minor == 178_300)
    }

    @Test("is that of the sample for a consumer who has paid")
    func consumerSample() throws {
        let invoice = try Sample.invoice(
            [
                Sample.line(5_999, quantity: 2), Sample.line(4_500, rate: .reduced),
                Sample.line(999, quantity: 3),
            ],
            prepaid: 19_495
        )
        #expect(invoice.lines.map(\.net.minor) == [9_916, 4_054, 2_477])
        #expect(invoice.vat.map(\.vat.minor) == [446, 2_602])
        #expect(invoice.totals.gross.minor == 19_495)
        #expect(invoice.totals.prepaid.minor == 19_495)
        #expect(invoice.totals.payable.minor == 0)
    }

    @Test("is that of the sample with a discount and shipping over two rates")
    func discountSample() throws {
        let invoice = try Sample.invoice(
            [Sample.line(30_000), Sample.line(2_220, quantity: 4, rate: .reduced)],
            discount: 3_888,
            shipping: 2_371
        )
        #expect(invoice.lines.map(\.net.minor) == [24_793, 8_000])
        #expect(invoice.adjustments.map(\.kind) == [.discount, .discount, .shipping, .shipping])
        #expect(invoice.adjustments.map(\.vatRate.percent) == [11, 21, 11, 21])
        #expect(invoice.adjustments.map(\.net.minor) == [800, 2_479, 488, 1_512])
        #expect(invoice.adjustments.map(\.gross.minor) == [888, 3_000, 542, 1_829])
        #expect(invoice.vat.map(\.base.minor) == [7_688, 23_826])
        #expect(invoice.vat.map(\.vat.minor) == [846, 5_003])
        #expect(invoice.totals.lines.minor == 32_793)
        #expect(invoice.totals.allowances.minor == 3_279)
        #expect(invoice.totals.charges.minor == 2_000)
        #expect(invoice.totals.net.minor == 31_514)
        #expect(invoice.totals.gross.minor == 37_363)
    }

    @Test("takes the tax once per rate, so that 200 lines of 49 bani do not add an error up")
    func manySmallLines() throws {
        let lines = try (0..<200).map { _ in try Sample.line(49) }
        let invoice = try Sample.invoice(lines)
        // 98.00 × 21 ÷ 121 = 17.008…, not 200 × 0.09.
        #expect(invoice.totals.vat.minor == 1_701)
        #expect(Set(invoice.lines.map(\.net.minor)) == [40, 41])
        #expect(invoice.totals.lines.minor == 9_800 - 1_701)
    }

    @Test("is exact to the ban for every order", arguments: 0..<20)
    func properties(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<100 {
            // Others wait for the thread.
            await Task.yield()
            let order = try RandomOrder(&random)
            let invoice = try order.invoice()
            #expect(invoice.sumFlaws.isEmpty)
            #expect(invoice.totals.gross.minor == order.total)
            #expect(invoice.lines.map(\.position) == Array(1...order.lines.count))
            #expect(invoice.lines.map(\.gross) == order.lines.map(\.total))
            #expect(invoice.lines.allSatisfy { (0...$0.gross.minor).contains($0.net.minor) })
            // Discount and shipping keep the tax that they contain; the lines bear the rounding.
            #expect(
                invoice.adjustments.allSatisfy {
                    $0.net.minor + $0.vatRate.taxContained(in: $0.gross).minor == $0.gross.minor
                }
            )
            // Half a ban on the gross is 0.605 on the base, at 21 %.
            #expect(
                invoice.vat.allSatisfy {
                    abs($0.vat.minor * 100 - $0.base.minor * Int64($0.rate.percent)) < 61
                }
            )
            let shipped = invoice.adjustments.filter { $0.kind == .shipping }
            let discounted = invoice.adjustments.filter { $0.kind == .discount }
            #expect(shipped.reduce(0) { $0 + $1.gross.minor } == order.shipping)
            #expect(discounted.reduce(0) { $0 + $1.gross.minor } == order.discount)
            #expect(invoice.vat.map(\.rate) == Set(invoice.vat.map(\.rate)).sorted())
            #expect(Set(order.lines.map(\.vatRate)).isSubset(of: invoice.vat.map(\.rate)))
            if order.items > 0 {
                #expect(invoice.vat.count == Set(order.lines.map(\.vatRate)).count)
            }
        }
    }

    @Test("shares discount and shipping out by the goods' value")
    func sharesByValue() throws {
        let lines = try [Sample.line(7_500), Sample.line(2_500, rate: .reduced)]
        let invoice = try Sample.invoice(lines, discount: 1_000, shipping: 2_001)
        #expect(invoice.adjustments.map(\.gross.minor) == [250, 750, 500, 1_501])
    }

    @Test("puts the shipping of goods without value under its own rate")
    func shippingAlone() throws {
        let lines = try [Sample.line(0, rate: .reduced)]
        let invoice = try Sample.invoice(lines, shipping: 1_999, rateWithoutGoods: .standard)
        #expect(invoice.vat.map(\.rate.percent) == [11, 21])
        #expect(invoice.vat.map(\.vat.minor) == [0, 347])
        #expect(invoice.totals.gross.minor == 1_999)
        #expect(invoice.sumFlaws.isEmpty)
    }

    @Test("is of nothing for an order that costs nothing")
    func free() throws {
        let discounted = try Sample.invoice([Sample.line(4_990)], discount: 4_990)
        for invoice in [try Sample.invoice([Sample.line(0)]), discounted] {
            #expect(invoice.totals.gross == .zero(.ron) && invoice.totals.vat == .zero(.ron))
            #expect(invoice.vat.count == 1 && invoice.sumFlaws.isEmpty)
        }
    }

    @Test("reaches the largest amount there is, and says no to more")
    func largest() throws {
        let invoice = try Sample.invoice([Sample.line(.max - 5), Sample.line(5)])
        #expect(invoice.totals.gross.minor == .max)
        #expect(invoice.sumFlaws.isEmpty)
        #expect(throws: InvoiceCalculation.Failure.money(.overflow)) {
            try Sample.invoice([Sample.line(.max), Sample.line(1)])
        }
        #expect(throws: InvoiceCalculation.Failure.money(.overflow)) {
            try Sample.invoice([Sample.line(.max)], shipping: 1)
        }
    }

    @Test("refuses amounts that are no order's")
    func refuses() throws {
        let line = try Sample.line(1_000)
        let euros = try Line(
            sku: "E",
            name: "E",
            quantity: 1,
            unitPrice: Money(minor: 1, .eur),
            vatRate: .standard
        )
        let differ = InvoiceCalculation.Failure.money(.differentCurrencies(.ron, .eur))
        #expect(throws: InvoiceCalculation.Failure.noLines) { try Sample.invoice([]) }
        #expect(throws: InvoiceCalculation.Failure.negativeAmount) {
            try Sample.invoice([Sample.line(-1), line])
        }
        #expect(throws: InvoiceCalculation.Failure.negativeAmount) {
            try Sample.invoice([line], discount: -1)
        }
        #expect(throws: InvoiceCalculation.Failure.negativeAmount) {
            try Sample.invoice([line], shipping: -1)
        }
        #expect(throws: InvoiceCalculation.Failure.negativeAmount) {
            try Sample.invoice([line], prepaid: -1)
        }
        #expect(throws: InvoiceCalculation.Failure.discountExceedsGoods) {
            try Sample.invoice([line], discount: 1_001, shipping: 500)
        }
        #expect(throws: InvoiceCalculation.Failure.prepaidExceedsTotal) {
            try Sample.invoice([line], shipping: 500, prepaid: 1_501)
        }
        #expect(throws: differ) { try Sample.invoice([line, euros]) }
        #expect(throws: differ) {
            try InvoiceCalculation(lines: [line], prepaid: Money(minor: 1, .eur))
        }
        #expect(throws: differ) {
            let shipping = OrderAdjustment(gross: Money(minor: 1, .eur), reason: "Transport")
            _ = try InvoiceCalculation(lines: [line], shipping: shipping)
        }
    }

    @Test("says the same as the checkout's totals", arguments: 0..<5)
    func agreesWithCheckout(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<100 {
            await Task.yield()
            var order = try RandomOrder(&random)
            order.discount = 0
            let method = ShippingMethod(
                id: "m",
                name: "M",
                price: Sample.ron(order.shipping),
                vatRate: order.rateWithoutGoods,
                freeFrom: nil
            )
            let totals = try Totals(lines: order.lines, shipping: method, currency: .ron)
            let invoice = try order.invoice()
            #expect(totals.total == invoice.totals.gross)
            #expect(totals.groups.map(\.rate) == invoice.vat.map(\.rate))
            #expect(totals.groups.map(\.net) == invoice.vat.map(\.base))
            #expect(totals.groups.map(\.vat) == invoice.vat.map(\.vat))
        }
    }
}
