import Dispatch
import OrderServiceTesting
import Resilience
import Testing

@testable import MariaDB

@Suite("Database", .serialized, .enabled(if: TestDatabase.isAvailable))
struct DatabaseTests {
    private static let tables = """
        CREATE TABLE orders (
            id BIGINT PRIMARY KEY, number VARCHAR(20), amount BIGINT NOT NULL DEFAULT 0,
            UNIQUE KEY orders_number_key (number),
            CONSTRAINT orders_amount_check CHECK (amount >= 0)
        );
        CREATE TABLE order_lines (
            order_id BIGINT,
            CONSTRAINT order_lines_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id)
        );
        INSERT INTO orders VALUES (1, 'A-1', 0), (2, 'A-2', 0);
        """

    @Test("tells which key a duplicate violates")
    func namesDuplicateKey() async throws {
        try await TestDatabase.withSchema(Self.tables) { database in
            let error = #expect(throws: MariaDBError.self) {
                try database.execute(
                    "INSERT INTO orders (id, number) VALUES (3, \("A-1"))",
                    until: .after(.seconds(5))
                )
            }
            #expect(error?.code == .duplicateEntry)
            #expect(error?.violatedKey == "orders_number_key")
            #expect(error?.failure?.sqlState == "23000")
            #expect(error?.isNotExecuted == true)
        }
    }

    @Test("tells which constraint is violated")
    func namesConstraints() async throws {
        try await TestDatabase.withSchema(Self.tables) { database in
            let deadline = Deadline.after(.seconds(10))
            let check = #expect(throws: MariaDBError.self) {
                try database.execute("UPDATE orders SET amount = \(-1)", until: deadline)
            }
            #expect(check?.code == .checkViolated)
            #expect(check?.failure?.violatedConstraint == "orders_amount_check")

            let parent = #expect(throws: MariaDBError.self) {
                try database.execute("INSERT INTO order_lines VALUES (9)", until: deadline)
            }
            #expect(parent?.code == .foreignKeyParentMissing)
            #expect(parent?.failure?.violatedConstraint == "order_lines_order_fkey")

            try database.execute("INSERT INTO order_lines VALUES (1)", until: deadline)
            let child = #expect(throws: MariaDBError.self) {
                try database.execute("DELETE FROM orders WHERE id = 1", until: deadline)
            }
            #expect(child?.code == .foreignKeyChildExists)
        }
    }

    @Test("stops a statement that runs longer than its class may")
    func limitsStatements() async throws {
        try await TestDatabase.withSchema { database in
            let busy: SQL = "SELECT SUM(a.seq * b.seq) FROM seq_1_to_100000 a, seq_1_to_100000 b"
            for sleeping: SQL in ["SELECT SLEEP(30)", busy] {
                let error = #expect(throws: MariaDBError.self) {
                    try database.query(sleeping, until: .after(.seconds(20)))
                }
                #expect(error?.code == .statementTimeout)
            }
            let rows = try database.query("SELECT 1", until: .after(.seconds(5)))
            #expect(rows.count == 1)
            #expect(database.usage.lent == 0)
        }
    }

    @Test("stops a wait for a lock by the statement's class")
    func limitsLockWaits() async throws {
        try await TestDatabase.withSchema(Self.tables) { database in
            let deadline = Deadline.after(.seconds(20))
            let lock: SQL = "SELECT id FROM orders WHERE id = 1 FOR UPDATE"
            _ = try database.transaction(until: deadline) { transaction in
                _ = try transaction.query(lock)
                let byLimit = #expect(throws: MariaDBError.self) {
                    try database.query(lock, class: .lookUp, until: deadline)
                }
                #expect(byLimit?.code == .statementTimeout)
                let byServer = #expect(throws: MariaDBError.self) {
                    try database.query(lock, class: .write, until: deadline)
                }
                #expect(byServer?.code == .lockWaitTimeout)
            }
        }
    }

    @Test("gives up a statement at the caller's deadline")
    func keepsDeadline() async throws {
        try await TestDatabase.withSchema { database in
            // A connection is there then: to connect is not what is limited here.
            _ = try database.query("SELECT 1", until: .after(.seconds(5)))
            let error = #expect(throws: MariaDBError.self) {
                let deadline = Deadline.after(.milliseconds(100))
                return try database.query("SELECT SLEEP(30)", class: .job, until: deadline)
            }
            guard case .deadlineExpired(isNotExecuted: false) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let rows = try database.query("SELECT 1", until: .after(.seconds(5)))
            #expect(rows.count == 1)
        }
    }

    @Test("sends nothing after the deadline")
    func refusesExpired() async throws {
        try await TestDatabase.withSchema(Self.tables) { database in
            let error = #expect(throws: MariaDBError.self) {
                try database.execute("DELETE FROM orders", until: .after(.zero))
            }
            guard case .deadlineExpired(isNotExecuted: true) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("refuses a caller when all connections stay lent")
    func refusesWhenExhausted() async throws {
        let configure: @Sendable (inout MariaDBConfiguration) -> Void = {
            $0.poolSize = 1
            $0.poolWait = .milliseconds(20)
        }
        try await TestDatabase.withSchema(configure: configure) { database in
            let deadline = Deadline.after(.seconds(20))
            try database.transaction(until: deadline) { _ in
                let error = #expect(throws: MariaDBError.self) {
                    try database.query("SELECT 1", until: deadline)
                }
                guard case .poolExhausted = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(database.usage.exhaustions == 1)
            }
            let rows = try database.query("SELECT 1", until: deadline)
            #expect(rows.count == 1)
        }
    }

    @Test("lends nothing after it is closed")
    func refusesWhenClosed() async throws {
        try await TestDatabase.withSchema { database in
            try database.ping(until: .after(.seconds(5)))
            database.close()
            let error = #expect(throws: MariaDBError.self) {
                try database.ping(until: .after(.seconds(5)))
            }
            guard case .closed = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
