import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Catching up after a crash", .enabled(if: ServiceUnderTest.isAvailable))
struct CatchUpCrashTests {
    private static let minute = Duration.seconds(60)

    private func gaps(_ service: ServiceUnderTest) throws -> Int? {
        try service.query("SELECT gaps FROM catch_up").first?.int("gaps")
    }

    private func stored(_ service: ServiceUnderTest) throws -> Int {
        try service.query("SELECT id FROM webhook_inbox").count
    }

    /// Orders that are paid and long unheard of.
    private func payUnheard(_ service: ServiceUnderTest, _ count: Int) throws {
        service.standIn(.post, "/_webhooks", ["paused": true])
        for _ in 0..<count { try service.pay(try service.placedOrder()) }
        service.advance(by: .seconds(70))
    }

    /// A worker's first page of `size` events, read and not stored.
    private func firstPage(
        _ service: ServiceUnderTest,
        size: Int
    ) throws -> (page: StripeEvent.Page, lease: CatchUpStore.Lease) {
        var lease = try #require(
            try service.services.catchUpStore.lease(for: Self.minute, until: service.soon)
        )
        lease.windowTo = Timestamp(seconds: service.now.seconds - 60)
        let outcome = service.services.stripe.events(
            of: StripeEvent.types,
            made: lease.readTo.seconds..<(lease.windowTo?.seconds ?? 0),
            after: nil,
            limit: size,
            until: service.soon
        )
        guard case .executed(.found(let page)) = outcome else { throw NoPage() }
        return (page, lease)
    }

    private struct NoPage: Error {}

    @Test("goes on after the last page that was stored, and skips nothing")
    func inTheMiddle() async throws {
        try await ServiceUnderTest.run(CatchUpTests.settings) { service in
            try payUnheard(service, 4)
            let (page, lease) = try firstPage(service, size: 2)
            #expect(page.hasMore && page.events.count == 2)
            let after = try service.services.catchUpStore.store(
                page,
                lease,
                prolonging: Self.minute,
                until: service.soon
            )
            #expect(after.lease.pageAfter == page.events.last?.head.id)
            #expect(try gaps(service) == 2)
            // The process dies; more happens before another one goes on.
            service.advance(by: .seconds(61))
            try payUnheard(service, 1)
            try service.drain()
            #expect(try gaps(service) == 5)
            let paid = try service.query("SELECT id FROM orders WHERE payment_status = 'paid'")
            #expect(paid.count == 5)
        }
    }

    @Test("begins the stretch again if the event it was at is not known any more")
    func unknownPlace() async throws {
        try await ServiceUnderTest.run(CatchUpTests.settings) { service in
            try payUnheard(service, 2)
            try service.execute("DELETE FROM catch_up")
            let start = Timestamp(seconds: service.now.seconds - 3_600)
            let end = Timestamp(seconds: service.now.seconds - 60)
            try service.execute(
                """
                INSERT INTO catch_up (source, read_to, window_to, page_after, next_run_at)
                VALUES ('stripe', \(start), \(end), 'evt_gone', \(service.now))
                """
            )
            try service.drain()
            #expect(try gaps(service) == 2)
        }
    }

    @Test("stores nothing of a worker that was overtaken")
    func overtaken() async throws {
        try await ServiceUnderTest.run(CatchUpTests.settings) { service in
            try payUnheard(service, 2)
            let store = service.services.catchUpStore
            let (page, slow) = try firstPage(service, size: 50)
            #expect(try store.lease(for: Self.minute, until: service.soon) == nil)
            service.advance(by: .seconds(61))
            let quick = try #require(try store.lease(for: Self.minute, until: service.soon))
            #expect(throws: CatchUpStore.Overtaken.self) {
                try store.store(page, slow, prolonging: Self.minute, until: service.soon)
            }
            #expect(try stored(service) == 0)
            // What the overtaken one says of its end is nothing to the other.
            try store.giveBack(
                slow,
                nextRunAt: service.now,
                because: nil,
                until: service.soon
            )
            #expect(try store.lease(for: Self.minute, until: service.soon) == nil)
            try store.giveBack(
                quick,
                nextRunAt: service.now,
                because: nil,
                until: service.soon
            )
            try service.drain()
            #expect(try gaps(service) == 2)
        }
    }

    @Test("does not wait for the lease of a process that begins anew")
    func sameName() async throws {
        try await ServiceUnderTest.run(CatchUpTests.settings) { service in
            try payUnheard(service, 1)
            let name = ProcessIdentity(.worker, host: "container", number: 1)
            _ = try service.services.catchUpStore.lease(for: Self.minute, until: service.soon)
            try service.execute("UPDATE catch_up SET leased_by = \(name.text)")
            try service.drain()
            #expect(try stored(service) == 0)
            service.services.makeReporter(name).takeOver()
            try service.drain()
            #expect(try stored(service) == 1)
        }
    }

    @Test("asks for no more types than Stripe takes at once")
    func types() {
        #expect(StripeEvent.types.count <= 20)
        #expect(Set(StripeEvent.types).count == StripeEvent.types.count)
    }
}
