import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Testing

@Suite("orderd privacy", .enabled(if: Program.isAvailable && TestDatabase.isAvailable))
struct PrivacyCommandTests {
    private static let soon = Deadline.after(.seconds(60))

    /// Settings on a schema that has been migrated, with an order of a guest and one of a customer.
    private static func settings(_ database: Database) throws -> [String: String] {
        let settings = try Program.migratedSettings(database)
        try database.executeScript(
            """
            INSERT INTO customers VALUES ('1001', 1);
            INSERT INTO orders (number, checkout_session_id, user_id, user_seq, email, contact_name,
                phone, billing, shipping, shipping_method, payment_method, status, payment_status,
                currency, items_minor, shipping_minor, total_minor, item_count, created_at,
                updated_at, visible_at)
            VALUES
                ('RO-AAAA-AAAA-A', 'chk_1', NULL, NULL, 'ana@example.ro', 'Ana Pop', '0722', '{}',
                    '{}', 'courier', 'card', 'expired', 'failed', 'RON', 1, 0, 1, 1, NOW(), NOW(),
                    NOW()),
                ('RO-BBBB-BBBB-B', 'chk_2', '1001', 1, 'ion@example.ro', 'Ion Pop', '0723', '{}',
                    '{}', 'courier', 'card', 'shipped', 'paid', 'RON', 1, 0, 1, 1, NOW(), NOW(),
                    NOW());
            """,
            until: soon
        )
        return settings
    }

    private static func commands(_ database: Database) throws -> [String] {
        try database.query("SELECT route FROM audit_records ORDER BY id", until: soon)
            .map { try $0.string("route") }
    }

    @Test("explains each of its commands", arguments: [[], ["export"], ["erase"]])
    func help(command: [String]) async throws {
        try await onOwnThread {
            let run = try Program.run(["privacy"] + command + ["--help"], [:])
            #expect(run.status == 0 && run.errors == "")
            #expect(run.output.contains("USAGE: orderd privacy"))
        }
    }

    @Test(
        "refuses what it does not understand, before it does anything",
        arguments: [
            ["export", "--customer", "1"], ["export", "--reason", "letter"],
            ["erase", "--customer", "1", "--email", "a@b.ro", "--reason", "letter"],
            ["erase", "--email", "nobody", "--reason", "letter"],
            ["erase", "--customer", "a b", "--reason", "letter"],
            ["erase", "--customer", "1", "--reason", " x "],
            ["erase", "--customer", "1", "--reason", "a\nb c"],
        ]
    )
    func refused(command: [String]) async throws {
        try await onOwnThread {
            let run = try Program.run(["privacy"] + command, Program.settings(schema: "none"))
            #expect(run.status == 64 && run.output == "" && run.errors.contains("Usage"))
        }
    }

    @Test("tells and forgets a guest, and is on record without the address")
    func guest() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Self.settings(database)
            let subject = ["--email", "ANA@example.ro", "--reason", "a letter"]
            let export = try Program.run(["privacy", "export"] + subject, settings)
            #expect(export.status == 0 && export.errors == "")
            let parsed = try JSONSerialization.jsonObject(with: Data(export.output.utf8))
            let document = try #require(parsed as? [String: Any])
            let orders = try #require(document["orders"] as? [[String: Any]])
            #expect(orders.count == 1 && orders[0]["contactName"] as? String == "Ana Pop")

            let preview = try Program.run(["privacy", "erase", "--dry-run"] + subject, settings)
            #expect(preview.status == 0 && preview.output.contains("would go: ordersErased  1"))
            let erased = try Program.run(["privacy", "erase", "--json"] + subject, settings)
            #expect(erased.status == 0 && erased.errors == "")
            #expect(erased.output.contains(#""carriedOut":true"#))
            let row = try database.query("SELECT email FROM orders ORDER BY id", until: Self.soon)
            #expect(
                try row.map { try $0.string("email") } == [
                    "erased@example.invalid", "ion@example.ro",
                ]
            )
            #expect(
                try Self.commands(database) == [
                    "orderd privacy export", "orderd privacy erase --dry-run",
                    "orderd privacy erase",
                ]
            )
            let records = try database.query("SELECT * FROM audit_records", until: Self.soon)
            for record in records {
                #expect(try record.string("actor") == "cli:\(NSUserName())")
                #expect(try record.string("reason") == "a letter")
                #expect(try record.optionalString("user_id") == nil)
                #expect(try record.string("subject").count == 64)
            }
            let again = try Program.run(["privacy", "erase"] + subject, settings)
            #expect(again.status == 0)
        }
    }

    @Test("leaves a customer whole whose order is under way, and says which")
    func open() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Self.settings(database)
            let command = ["privacy", "erase", "--customer", "1001", "--reason", "a letter"]
            let refused = try Program.run(command, settings)
            #expect(refused.status == 2 && refused.output.contains("RO-BBBB-BBBB-B  order.shipped"))
            #expect(refused.output.contains("nothing was done"))
            let erasures = "SELECT COUNT(*) AS number FROM privacy_erasures" as SQL
            #expect(try database.query(erasures, until: Self.soon).first?.int("number") == 0)
            let skipped = try Program.run(command + ["--skip-open"], settings)
            #expect(skipped.status == 3)
            #expect(try database.query(erasures, until: Self.soon).first?.int("number") == 1)
            let user = try database.query("SELECT user_id FROM customers", until: Self.soon)
            #expect(user.count == 1)
        }
    }

    @Test("tells nothing and does nothing that cannot be put on record")
    func unrecorded() async throws {
        try await TestDatabase.withSchema { database in
            let settings = try Self.settings(database)
            try database.executeScript(
                "RENAME TABLE audit_records TO audit_away",
                until: Self.soon
            )
            for command in ["export", "erase"] {
                let run = try Program.run(
                    ["privacy", command, "--email", "ana@example.ro", "--reason", "a letter"],
                    settings
                )
                #expect(run.status == 1 && run.output == "" && run.errors != "")
            }
            let row = try database.query("SELECT email FROM orders ORDER BY id", until: Self.soon)
            #expect(try row.first?.string("email") == "ana@example.ro")
        }
    }
}
