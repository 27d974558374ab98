import MariaDB
import OrderServiceHarness
import Testing

@testable import OrderService

@Suite("Going through orders that lack invoices", .enabled(if: ServiceUnderTest.isAvailable))
struct InvoiceBacklogTests {
    private func pages(_ service: ServiceUnderTest) throws -> [ClosedRange<Int64>] {
        var pages: [ClosedRange<Int64>] = []
        var backlog = service.services.invoicePending.backlog
        backlog.pageSize = 2
        try backlog.forEachPage(until: service.soon) { pages.append($0) }
        return pages
    }

    @Test("takes pages of what there is, however far its ids are apart")
    func pages() async throws {
        try await ServiceUnderTest.run { service in
            #expect(try pages(service) == [Int64.min...Int64.max])
            let orders = try (0..<3).map { _ in try service.placedOrder() }
            let ids = orders.map(\.id)
            #expect(try pages(service) == [Int64.min...ids[1], (ids[1] + 1)...Int64.max])
            let far = [Int64.min, 0, .max]
            // Another test gets the schema next, and goes on counting.
            defer {
                for (id, far) in zip(ids, far) {
                    try? service.force("UPDATE orders SET id = \(id) WHERE id = \(far)")
                }
                let next = SQL(stringLiteral: "\(ids[2] + 1)")
                try? service.execute("ALTER TABLE orders AUTO_INCREMENT = \(next)")
            }
            for (id, far) in zip(ids, far) {
                try service.force("UPDATE orders SET id = \(far) WHERE id = \(id)")
            }
            #expect(try pages(service) == [Int64.min...0, 1...Int64.max])
        }
    }
}
