import MariaDB
import OrderServiceHarness
import Testing
import Web

@testable import OrderService

/// What is held of whoever did not take an order at the door.
@Suite("What is held of a person whose order came back", .enabled(if: ServiceUnderTest.isAvailable))
struct ErasureOfReturnsTests {
    @Test("goes of an order that came back unpaid from the door, and of none on its way there")
    func returnedUnpaid() async throws {
        try await ServiceUnderTest.run { service in
            let subject = try #require(DataSubject(email: "ana@example.ro"))
            let order = try service.returnedUnpaidOrder { order in
                let report = try service.erase(subject, isDryRun: true)
                #expect(report.open.count == 1)
            }
            let report = try service.erase(subject)
            #expect(report.isCarriedOut && report.open.isEmpty)
            let rows = try service.query("SELECT email FROM orders WHERE id = \(order.id)")
            #expect(try rows.first?.string("email") == OrderReduction.erasedEmail)
        }
    }

    @Test("goes, with whom to bill, where nothing was sold", arguments: [true, false])
    func returnedUnsold(isRejected: Bool) async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.returnedUnsoldOrder(isRejected: isRejected)
            let subject = try #require(DataSubject(email: "ana@example.ro"))
            let report = try service.erase(subject)
            #expect(report.isCarriedOut)
            #expect(report.json["counts"]?["ordersErased"] == 1)
            #expect(report.json["counts"]?["ordersKeptForInvoice"] == nil)
            let row = try #require(
                try service.query(
                    "SELECT personal_data, billing FROM orders WHERE id = \(order.id)"
                ).first
            )
            #expect(try row.string("personal_data") == "none")
            #expect(try row.string("billing") == "{}")
        }
    }
}
