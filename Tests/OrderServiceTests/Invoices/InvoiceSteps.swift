import Commerce
import MariaDB
import OrderServiceHarness
import Testing
import Web

@testable import OrderService

/// What tests of invoices do and look at.
extension ServiceUnderTest {
    /// The documents of an order, oldest first.
    func invoices(of order: Placed) throws -> [InvoiceRecord] {
        try query(
            "SELECT \(InvoiceRecord.columns) FROM invoices WHERE order_id = \(order.id) ORDER BY id"
        ).map(InvoiceRecord.init)
    }

    /// The same as `MEX000001 4990`, `rejected 4990` of one without a number.
    func invoiceTexts(of order: Placed) throws -> [String] {
        try invoices(of: order).map { record in
            "\(record.number?.description ?? record.state.rawValue) \(record.gross.minor)"
        }
    }

    /// All that stands on a document.
    func document(of record: InvoiceRecord) throws -> InvoiceDocument {
        let stored = try services.invoiceReading.stored(record.id, until: soon)
        let number = try #require(record.number)
        return try InvoiceJSON.document(try #require(stored).document, number: number)
    }

    /// Reports of the warehouse, each of which is taken.
    func fulfil(_ order: Placed, _ events: String...) throws {
        let warehouse = try session("wms", .service)
        for event in events {
            let answer = send(
                .post,
                "/v1/admin/orders/\(order.id)/fulfilment",
                token: warehouse,
                ["event": .string(event)]
            )
            #expect(answer.status == 200, "\(event): \(answer.text)")
        }
    }

    /// A session that lacks nothing, billed as given.
    func checkout(billedTo billing: JSON, _ items: [JSON] = [item()]) throws -> Checkout {
        let checkout = try readyCheckout(items)
        let answer = send(.patch, checkout.path, token: checkout.token, ["billing": billing])
        try #require(answer.status == 200, "\(answer.text)")
        return checkout
    }

    /// A paid order of something whose rate of VAT there is no more, so that rules are broken.
    func orderThatIsRejected() throws -> Placed {
        try sell("VECHI-19", price: 11_900, vatRate: 19)
        let order = try placedOrder([Self.item("VECHI-19")])
        try pay(order)
        try settle()
        return order
    }

    /// Two paid orders of which 500 went back each: `MEX000001` with `MEXS000001`, and so on.
    func makeRefundedOrders() throws {
        for name in ["a", "b"] {
            let checkout = try readyCheckout(email: "\(name)@example.ro")
            let order = try placedOrder(of: checkout, key: name)
            try pay(order)
            try settle()
            let answer = refund(order, token: try staff(), key: name, [("amount", 500)])
            #expect(answer.status == 201)
            try settle()
        }
        #expect(try invoiceFindings() == [])
    }

    /// Writes what the schema forbids, as a restore may that is done without its checks.
    func force(_ change: SQL) throws {
        try services.database.transaction(class: .write, until: soon) {
            try $0.execute("SET SESSION check_constraint_checks = 0, foreign_key_checks = 0")
            try $0.execute("SET @mode = @@sql_mode, SESSION sql_mode = ''")
            try $0.execute(change)
            try $0.execute("SET SESSION check_constraint_checks = 1, foreign_key_checks = 1")
            try $0.execute("SET SESSION sql_mode = @mode")
        }
    }

    /// What `orderd invoice verify` finds.
    func invoiceFindings() throws -> [InvoiceVerification.Finding] {
        try services.invoiceVerification.run(until: soon).findings
    }
}
