import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("What justifies credit notes", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceCreditCheckTests {
    /// A paid order of which 500 went back: `MEX000001`, `MEXS000001`.
    private func refundedOrder(_ service: ServiceUnderTest) throws -> ServiceUnderTest.Placed {
        let order = try service.paidOrder()
        #expect(service.refund(order, token: try service.staff(), [("amount", 500)]).status == 201)
        try service.settle()
        #expect(try service.invoiceFindings() == [])
        return order
    }

    /// Adds a copy of `MEXS000001` as `MEXS000002`, for the end of its order.
    private func forge(_ service: ServiceUnderTest, of order: ServiceUnderTest.Placed) throws {
        let cause = "cancel:\(order.id)"
        try service.execute(
            """
            INSERT INTO invoices (public_id, cause_key, kind, order_id, refund_id, credited_id,
                series, ordinal, number, state, issue_date, deadline, order_number, buyer_name,
                buyer_cui, currency, net_minor, vat_minor, gross_minor, document, xml, xml_sha256,
                document_sha256, created_at, updated_at, issued_at)
            SELECT 'inv_forged', \(cause), kind, order_id, NULL, credited_id, series, 2,
                'MEXS000002', state, issue_date, deadline, order_number, buyer_name, buyer_cui,
                currency, net_minor, vat_minor, gross_minor,
                REPLACE(document, 'MEXS000001', 'MEXS000002'),
                REPLACE(xml, 'MEXS000001', 'MEXS000002'),
                UNHEX(SHA2(REPLACE(xml, 'MEXS000001', 'MEXS000002'), 256)),
                UNHEX(SHA2(REPLACE(document, 'MEXS000001', 'MEXS000002'), 256)), created_at,
                updated_at, issued_at
            FROM invoices WHERE number = 'MEXS000001'
            """
        )
        try service.execute(
            """
            INSERT INTO invoice_submissions
                (invoice_id, attempt, channel, state, created_at, updated_at)
            SELECT i.id, 1, s.channel, s.state, s.created_at, s.updated_at
            FROM invoices i JOIN invoice_submissions s JOIN invoices o ON o.id = s.invoice_id
            WHERE i.number = 'MEXS000002' AND o.number = 'MEXS000001'
            """
        )
        try service.execute("UPDATE invoice_series SET next_ordinal = 3 WHERE series = 'MEXS'")
    }

    private func found(_ service: ServiceUnderTest) throws -> [String] {
        try service.invoiceFindings().map { "\($0.kind) \($0.subject): \($0.text)" }
    }

    @Test("is not an end that has not come")
    func forgedEnd() async throws {
        try await ServiceUnderTest.run { service in
            let order = try refundedOrder(service)
            try forge(service, of: order)
            #expect(
                try found(service) == [
                    "cause MEXS000002: its order has not ended",
                    "overcredited order \(order.id): 500 were credited and have not gone back",
                ]
            )
        }
    }

    @Test("is not an end after which money is here")
    func forgedRest() async throws {
        try await ServiceUnderTest.run { service in
            let order = try refundedOrder(service)
            try service.fulfil(order, "start", "ship", "return")
            try service.drain()
            #expect(try service.invoiceFindings() == [])
            try forge(service, of: order)
            #expect(
                try found(service) == [
                    "overcredited order \(order.id): 500 were credited and have not gone back"
                ]
            )
        }
    }

    @Test(
        "is not taken from a refund, whether its order has ended or not",
        arguments: [true, false]
    )
    func takenFromRefund(hasEnded: Bool) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            if hasEnded {
                service.send(.post, "\(order.path)/cancel", token: order.token, key: "c")
                try service.settle()
                try service.work(order, until: ["succeeded"])
            } else {
                let answer = service.refund(order, token: try service.staff(), [("amount", 500)])
                #expect(answer.status == 201)
                try service.settle()
            }
            try service.drain()
            #expect(try service.invoiceFindings() == [])
            let cause = "cancel:\(order.id)"
            try service.execute(
                """
                UPDATE invoices SET refund_id = NULL, cause_key = \(cause)
                WHERE number = 'MEXS000001'
                """
            )
            let text =
                hasEnded ? "a refund before it has no credit note" : "its order has not ended"
            #expect(try found(service) == ["cause MEXS000001: \(text)"])
        }
    }

    @Test("is a refund of this sum that succeeded")
    func refund() async throws {
        try await ServiceUnderTest.run { service in
            let order = try refundedOrder(service)
            func excess(_ amount: Int) -> String {
                "overcredited order \(order.id): \(amount) were credited and have not gone back"
            }
            let cause = "cause MEXS000001: its refund is"
            let changes: [(SQL, [String])] = [
                ("status = 'pending'", ["\(cause) pending", excess(500)]),
                ("status = 'manual'", ["\(cause) manual", excess(500)]),
                ("status = 'requested'", ["\(cause) requested", excess(500)]),
                ("amount_minor = 400", ["\(cause) of 400 RON", excess(100)]),
                ("currency = 'EUR'", ["\(cause) of 500 EUR", excess(500)]),
                (
                    "amount_minor = 600",
                    [
                        "\(cause) of 600 RON",
                        "undercredited order \(order.id): 100 have gone back and are not credited",
                    ]
                ),
            ]
            for (change, findings) in changes {
                try service.execute("UPDATE refunds SET \(change)")
                #expect(try found(service) == findings, "\(change)")
                try service.execute(
                    "UPDATE refunds SET status = 'succeeded', amount_minor = 500, currency = 'RON'"
                )
            }
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("is a refund of this sum, also where all of the price was credited")
    func refundOfMore() async throws {
        try await ServiceUnderTest.run { service in
            let order = try refundedOrder(service)
            let staff = try service.staff()
            #expect(service.refund(order, token: staff, key: "rest").status == 201)
            try service.settle()
            #expect(try service.invoices(of: order).count == 3)
            #expect(try service.invoiceFindings() == [])
            try service.execute("UPDATE refunds SET amount_minor = 700 WHERE amount_minor = 500")
            #expect(try found(service) == ["cause MEXS000001: its refund is of 700 RON"])
        }
    }

    @Test("may be of less than its refund where that makes up for one that failed")
    func makesUp() async throws {
        try await ServiceUnderTest.run { service in
            let order = try refundedOrder(service)
            try service.execute("UPDATE refunds SET status = 'failed'")
            let staff = try service.staff()
            let answer = service.refund(order, token: staff, key: "b", [("amount", 700)])
            #expect(answer.status == 201, "\(answer.text)")
            try service.settle()
            #expect(try service.invoices(of: order).last?.gross.minor == 200)
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("was an end without money, also where some came late and is on its way back")
    func lateMoney() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
            try service.drain()
            try service.fulfil(order, "start", "ship")
            try service.drain()
            try service.fulfil(order, "return")
            try service.drain()
            #expect(try service.invoices(of: order).count == 2)
            try service.execute(
                "UPDATE payments SET captured_minor = amount_minor WHERE order_id = \(order.id)"
            )
            #expect(try service.invoiceFindings().map(\.kind) == ["overcredited"])
            try service.execute(
                """
                INSERT INTO refunds (public_id, order_id, payment_id, amount_minor, currency, reason,
                    status, provider_key, requested_by, created_at, updated_at)
                SELECT 'ref_late', order_id, id, amount_minor, currency, 'late', 'requested', 'late',
                    'system', \(service.now), \(service.now)
                FROM payments WHERE order_id = \(order.id)
                """
            )
            #expect(try service.invoiceFindings() == [])
        }
    }

    @Test("may be of less than its refund where more was paid than the price")
    func overpaid() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            try service.execute(
                """
                UPDATE payments SET captured_minor = captured_minor + 300,
                    amount_minor = amount_minor + 300 WHERE order_id = \(order.id)
                """
            )
            let answer = service.refund(order, token: try service.staff(), [("amount", 500)])
            #expect(answer.status == 201, "\(answer.text)")
            try service.settle()
            #expect(try service.invoices(of: order).last?.gross.minor == 200)
            #expect(try service.invoiceFindings() == [])
        }
    }
}
