import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@Suite(
    "orderd reconcile",
    .enabled(if: Program.isAvailable && ServiceUnderTest.isAvailable)
)
struct ReconcileCommandTests {
    /// An order whose payment deadline passed an hour ago, as if no worker ran.
    private static func overdueOrder(_ service: ServiceUnderTest) throws -> Int64 {
        let order = try service.placedOrder()
        try service.drain()
        let then = service.now - .seconds(3_600)
        try service.execute("UPDATE orders SET expires_at = \(then), updated_at = \(then)")
        try service.execute("UPDATE payments SET updated_at = \(then)")
        return order.id
    }

    @Test("ends with 0 where all agrees, and says how much that is")
    func agrees() async throws {
        try await ServiceUnderTest.run { service in
            let run = try Program.run(["reconcile"], service.settings)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.hasSuffix("all agrees\n"))
            let json = try Program.run(["reconcile", "--json"], service.settings)
            let report = try JSON(parsing: Array(json.output.utf8))
            #expect(json.status == 0 && report["agrees"] == true && report["findings"] == [])
        }
    }

    @Test("ends with 2 where something is off, in a table and in JSON, and fixes what is safe")
    func off() async throws {
        try await ServiceUnderTest.run { service in
            let orderID = try Self.overdueOrder(service)
            let table = try Program.run(["reconcile", "--since", "2h"], service.settings)
            #expect(table.status == 2, "\(table.errors)")
            let lines = table.output.split(separator: "\n")
            #expect(lines.first?.hasPrefix("KIND ") == true)
            #expect(lines.count { $0.hasPrefix("stuck ") } == 1)
            // The cells stand below their titles.
            let titles = Array(try #require(lines.first))
            let word = Array("OUTCOME")
            let place = titles.indices.first { titles[$0...].starts(with: word) }
            #expect(
                lines.last { $0.hasPrefix("stuck ") }?.dropFirst(place ?? 0).hasPrefix("open")
                    == true
            )
            let json = try Program.run(["reconcile", "--json"], service.settings)
            #expect(json.status == 2)
            let report = try JSON(parsing: Array(json.output.utf8))
            let finding = report["findings"]?[0]
            #expect(finding?["kind"] == "stuck" && finding?["orderId"]?.integer == orderID)
            #expect(finding?["fix"] == "expire_order" && finding?["outcome"] == "open")
            #expect(report["counts"] == ["stuck": 1] && report["agrees"] == false)

            let fixed = try Program.run(["reconcile", "--fix"], service.settings)
            #expect(fixed.status == 0 && fixed.output.contains("fixed: 1"))
            let events = try service.query(
                "SELECT kind FROM order_events WHERE actor = 'reconcile' ORDER BY id LIMIT 1"
            )
            #expect(try events.map { try $0.string("kind") } == ["reconcile.expire_order"])
        }
    }

    @Test("ends with 3 where not everything can be read, and never says that all agrees")
    func outage() async throws {
        try await ServiceUnderTest.run { service in
            let changes = ["STRIPE_API_BASE": "http://127.0.0.1:9/stripe"]
            let settings = service.settings.merging(changes) { $1 }
            let run = try Program.run(["reconcile"], settings)
            #expect(run.status == 3 && !run.output.contains("all agrees"))
            #expect(run.errors.contains("orderd: could not read stripe: "))
            let json = try Program.run(["reconcile", "--json"], settings)
            let report = try JSON(parsing: Array(json.output.utf8))
            #expect(json.status == 3 && report["whole"] == false && report["agrees"] == false)
            let late = try Program.run(["reconcile", "--timeout", "1ms"], service.settings)
            #expect(late.status == 3)
        }
    }

    @Test("refuses durations that are none, and ends with 1 without a database")
    func refusals() async throws {
        try await onOwnThread {
            let changes = ["MARIADB_SOCKET": "/nonexistent/mariadb.sock"]
            let settings = Program.settings(schema: "none", changes)
            for wrong in [["--since", "1 day"], ["--since", "0s"], ["--timeout", "2d"]] {
                let run = try Program.run(["reconcile"] + wrong, settings)
                #expect(run.status == 64 && run.output == "", "\(wrong)")
            }
            let run = try Program.run(["reconcile"], settings)
            #expect(run.status == 1 && run.output == "")
            #expect(run.errors.contains("/nonexistent/mariadb.sock"))
        }
    }
}
