import MariaDB
import OrderServiceHarness
import Testing

@testable import OrderService

/// How long MariaDB lets a statement of ours wait for another's lock.
@Suite("Waits for locks", .enabled(if: ServiceUnderTest.isAvailable))
struct LockWaitTests {
    @Test(
        "take half of a writing statement's time, in whole seconds",
        arguments: [("10s", 5), ("2s", 1), ("3s", 2), ("10ms", 1)]
    )
    func half(_ limit: String, _ seconds: Int) async throws {
        try await ServiceUnderTest.run(["MARIADB_WRITE_TIMEOUT": limit]) { service in
            let row = try service.services.database.query(
                "SELECT @@innodb_lock_wait_timeout AS seconds",
                until: service.soon
            ).first
            #expect(try row?.int("seconds") == seconds)
        }
    }
}
