import Foundation
import OrderServiceHarness
import OrderServiceTesting
import Redis
import Resilience
import Testing
import Web

@testable import MariaDB
@testable import OrderService

@Suite("A change whose commit was not answered", .enabled(if: ServiceUnderTest.isAvailable))
struct UnknownCommitTests {
    @Test("is dropped from the caches at once: it may stand")
    func dropped() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            #expect(service.send(.get, order.path, token: order.token).status == 200)
            func isCached() throws -> Bool {
                let command = Command("EXISTS", CacheName.orderSummaries.key(order.id))
                let reply = try service.services.cacheRedis.send(command, until: service.soon)
                return reply.integer == 1
            }
            #expect(try isCached())

            // What stands before MariaDB goes away with the commit on its way.
            let path = "/tmp/commit-\(UUID().uuidString.prefix(8)).sock"
            defer { try? FileManager.default.removeItem(atPath: path) }
            let standing = Lock<DelayingRelay?>(nil)
            let relay = try DelayingRelay(path, to: TestDatabase.socketPath) { piece in
                if piece.suffix(6) == Array("COMMIT".utf8)[...] { standing.withLock { $0 }?.stop() }
                return .zero
            }
            defer { relay.stop() }
            standing.withLock { $0 = relay }
            defer { standing.withLock { $0 = nil } }
            var configuration = service.services.database.configuration
            configuration.address = .unixSocket(path: path)
            let database = Database(configuration)
            defer { database.close() }
            let ledger = OrderLedger(
                database: database,
                cache: service.services.cache,
                clock: service.services.clock
            )
            let error = #expect(throws: MariaDBError.self) {
                try ledger.change(order.id, by: "test", until: service.soon) { change, _ in
                    change.touch()
                }
            }
            guard case .commitOutcomeUnknown = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try !isCached())
        }
    }
}
