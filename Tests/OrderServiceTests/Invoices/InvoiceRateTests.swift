import Commerce
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Rates that an invoice bears") struct InvoiceRateTests {
    private func rates(_ lines: [(price: Int64, rate: Int)], shipping: Int64) throws -> Set<Int> {
        let source = InvoiceDrafting.Source(
            orderNumber: "RO-0000-000001",
            method: .card,
            billing: CheckoutSession.Billing(
                name: "Ana Pop",
                address: Address(
                    street: "Str. Lungă 1",
                    city: "Cluj-Napoca",
                    county: "RO-CJ",
                    postalCode: "400114",
                    country: "RO"
                )
            ),
            lines: try lines.map { price, rate in
                try Line(
                    sku: "CADOU-\(rate)",
                    name: "Cadou",
                    quantity: 2,
                    unitPrice: Money(minor: price, .ron),
                    vatRate: try #require(VATRate(percent: rate))
                )
            },
            total: Money(minor: 0, .ron),
            shipping: Money(minor: shipping, .ron),
            shippingRate: try #require(VATRate(percent: 20)),
            captured: Money(minor: 0, .ron),
            paidOn: nil,
            shippedOn: nil
        )
        return Set(source.rates.map(\.percent))
    }

    @Test("are those of all lines, and shipping's where no goods have a price")
    func all() throws {
        #expect(try rates([(0, 19), (500, 21)], shipping: 1_000) == [19, 21])
        #expect(try rates([(0, 19), (0, 11)], shipping: 1_000) == [19, 11, 20])
        #expect(try rates([(0, 19)], shipping: 0) == [19])
    }

    @Test(
        "are replaced where a gift has one that is not in force",
        .enabled(if: ServiceUnderTest.isAvailable),
        arguments: [19, 0]
    )
    func gift(rate: Int) async throws {
        try await ServiceUnderTest.run { service in
            try service.sell("CADOU", price: 0, vatRate: rate)
            let order = try service.placedOrder([
                ServiceUnderTest.item("CADOU", 2), ServiceUnderTest.item(),
            ])
            try service.pay(order)
            try service.settle()
            let record = try #require(try service.invoices(of: order).first)
            #expect(record.state == .rejected)
            let staff = try service.staff()
            let answer = service.send(
                .post,
                "/v1/admin/invoices/\(record.publicID)/issue",
                token: staff,
                ["rates": [["from": JSON(rate), "to": 21]], "reason": "a gift"]
            )
            #expect(answer.status == 200, "\(answer.text)")
            let issued = try #require(try service.invoices(of: order).first)
            #expect(try service.document(of: issued).vat.map(\.rate.percent) == [21])
            let refund = service.refund(order, token: staff, [("amount", 500)])
            #expect(refund.status == 201)
            try service.settle()
            #expect(service.refund(order, token: staff, key: "r2").status == 201)
            try service.settle()
            #expect(try service.invoices(of: order).map(\.state) == [.queued, .queued, .queued])
            #expect(try service.invoiceFindings() == [])
        }
    }
}
