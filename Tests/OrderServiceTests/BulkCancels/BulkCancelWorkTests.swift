import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Work on bulk cancels", .enabled(if: ServiceUnderTest.isAvailable))
struct BulkCancelWorkTests {
    /// An order that is to be cancelled, and the answer to that.
    private func begin(
        _ service: ServiceUnderTest,
        count: Int = 1
    ) throws -> (orders: [ServiceUnderTest.Placed], asked: TestAnswer, token: String) {
        let token = try service.session("support-1", .support, seconds: 86_400)
        let orders = try (0..<count).map { _ in try service.placedOrder() }
        return (orders, service.cancelAll(orders.map(\.id), token: token), token)
    }

    /// Expects that an order was cancelled once, at Stripe and here, and its stock given back.
    private func expectCancelledOnce(
        _ service: ServiceUnderTest,
        _ orders: [ServiceUnderTest.Placed],
        _ asked: TestAnswer,
        _ token: String
    ) throws {
        let look = service.lookAgain(at: asked, token: token)
        #expect(look["state"] == "finished")
        #expect(service.outcomes(look) == orders.map { _ in "cancelled" })
        #expect(service.intents.allSatisfy { $0["status"] == "canceled" })
        for order in orders {
            #expect(
                try service.endings(of: order.id) == [
                    "order.closing, staff:support-1, the batch is recalled",
                    "order.cancelled, worker",
                ]
            )
        }
        let reservations = service.standIn(.get, "/_state")["reservations"].array ?? []
        #expect(reservations.allSatisfy { $0["status"] == "released" })
    }

    @Test("is shared by several workers, and each order cancelled by one of them")
    func twoWorkers() async throws {
        try await ServiceUnderTest.run { service in
            let (orders, asked, token) = try begin(service, count: 14)
            let sibling = try service.makeSibling()
            defer { sibling.close() }
            let workers = [service.services, sibling].map { services in
                Companion {
                    let job = services.bulkCancelJob
                    var count = 0
                    // Until all is decided, also where the other one has the rest just now.
                    while try services.bulkCancelStore.backlog(until: service.soon).count > 0 {
                        count += try job.run(until: service.soon)
                    }
                    return count
                }
            }
            let counts = try workers.map { try $0.join() }
            #expect(counts.reduce(0, +) == 14)
            try expectCancelledOnce(service, orders, asked, token)
            #expect(service.intentCancels == Array(repeating: 1, count: 14))
        }
    }

    @Test("takes no more than some orders at once")
    func atOnce() async throws {
        try await ServiceUnderTest.run { service in
            let (orders, asked, token) = try begin(service, count: 6)
            #expect(try service.services.bulkCancelJob.run(until: service.soon) == 4)
            let look = service.lookAgain(at: asked, token: token)
            #expect(look["state"] == "running" && look["finishedAt"] == .null)
            #expect(look["counts", "cancelled"] == 4 && look["counts", "pending"] == 2)
            #expect(try service.services.bulkCancelJob.run(until: service.soon) == 2)
            #expect(try service.services.bulkCancelJob.run(until: service.soon) == 0)
            try expectCancelledOnce(service, orders, asked, token)
        }
    }

    @Test("continues from an order that a dead worker had, when its lease is over")
    func fromLease() async throws {
        try await ServiceUnderTest.run { service in
            let (orders, asked, token) = try begin(service, count: 2)
            let store = service.services.bulkCancelStore
            let lost = try store.lease(limit: 1, for: .seconds(30), until: service.soon)
            #expect(lost.map(\.orderID) == [orders[0].id])
            try service.drain()
            #expect(service.outcomes(asked, token: token) == ["pending", "cancelled"])
            #expect(service.lookAgain(at: asked, token: token)["state"] == "running")
            service.advance(by: .seconds(32))
            try service.drain()
            try expectCancelledOnce(service, orders, asked, token)
            // It was only slow: what it decides now has no effect.
            #expect(throws: BulkCancelStore.Overtaken.self) {
                _ = try service.services.bulkCancelJob.decide(lost[0], until: service.soon)
            }
            try expectCancelledOnce(service, orders, asked, token)
        }
    }

    @Test("continues at once with what a worker of this host had that is gone")
    func fromDeath() async throws {
        try await ServiceUnderTest.run { service in
            let (orders, asked, token) = try begin(service)
            let name = ProcessIdentity(.worker, host: "container", number: 1)
            let store = BulkCancelStore(
                database: service.services.database,
                clock: service.services.clock,
                process: name
            )
            #expect(try store.lease(limit: 4, for: .seconds(30), until: service.soon).count == 1)
            try service.drain()
            #expect(service.outcomes(asked, token: token) == ["pending"])
            service.services.makeReporter(name).takeOver()
            try service.drain()
            try expectCancelledOnce(service, orders, asked, token)
        }
    }

    @Test("continues from the intent")
    func fromIntent() async throws {
        try await ServiceUnderTest.run { service in
            let (orders, asked, token) = try begin(service)
            let items = try service.services.bulkCancelStore.lease(
                limit: 4,
                for: .seconds(30),
                until: service.soon
            )
            #expect(try service.services.bulkCancelJob.decide(items[0], until: service.soon))
            // The worker dies here; what it would have done is nobody's for half a minute.
            try service.drain()
            #expect(service.outcomes(asked, token: token) == ["cancelling"])
            #expect(service.intentCancels == [0])
            service.advance(by: .seconds(31))
            try service.drain()
            try expectCancelledOnce(service, orders, asked, token)
            #expect(service.intentCancels == [1])
        }
    }

    @Test(
        "continues from each call, whether it was carried out or not",
        arguments: [
            ServiceUnderTest.cancelIntent, "POST /reservations/*/release",
        ],
        ["drop_before", "drop_after"]
    )
    func fromCall(route: String, kind: String) async throws {
        try await ServiceUnderTest.run { service in
            let (orders, asked, token) = try begin(service, count: 2)
            service.setFault(route, kind)
            try service.drain()
            let look = service.lookAgain(at: asked, token: token)
            #expect(service.outcomes(look) == ["cancelling", "cancelling"])
            #expect(look["items", "0", "orderStatus"] == "awaiting_payment")
            service.removeFaults()
            service.advance(by: .seconds(31))
            try service.drain()
            try expectCancelledOnce(service, orders, asked, token)
        }
    }

    @Test("refunds what is paid while it is cancelled")
    func paidMeanwhile() async throws {
        try await ServiceUnderTest.run { service in
            let (orders, asked, token) = try begin(service)
            try service.pay(orders[0])
            for _ in 0..<3 {
                try service.settle()
                service.advance(by: .seconds(120))
            }
            let look = service.lookAgain(at: asked, token: token)
            #expect(service.outcomes(look) == ["cancelled"])
            #expect(look["items", "0", "paymentStatus"] == "refunded")
            let refunds = service.standIn(.get, "/_state")["refunds"].array ?? []
            #expect(refunds.count == 1)
        }
    }

    @Test("tries again what fails, each time later, and says in the end that it has failed")
    func failing() async throws {
        try await ServiceUnderTest.run { service in
            let (orders, asked, token) = try begin(service)
            let store = service.services.bulkCancelStore
            for number in 1...12 {
                let items = try store.lease(limit: 4, for: .seconds(30), until: service.soon)
                let item = try #require(items.first, "try \(number)")
                #expect(service.outcomes(asked, token: token) == ["pending"])
                try store.postpone(item, because: "locked", until: service.soon)
                #expect(try store.lease(limit: 4, for: .zero, until: service.soon).isEmpty)
                service.advance(by: .seconds(300))
            }
            let look = service.lookAgain(at: asked, token: token)
            #expect(service.outcomes(look) == ["failed"] && look["state"] == "finished")
            #expect(look["items", "0", "code"] == "internal")
            #expect(look["items", "0", "orderStatus"] != "cancelled")
            try service.drain()
            #expect(try !service.endings(of: orders[0].id).contains { $0.contains("staff") })
        }
    }
}
