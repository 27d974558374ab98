import OrderServiceTesting
import Resilience
import Testing

@testable import MariaDB

@Suite("Connection", .serialized, .enabled(if: TestDatabase.isAvailable))
struct ConnectionTests {
    @Test("prepares a statement once and gives up the one used longest ago")
    func cachesStatements() async throws {
        let configure: @Sendable (inout MariaDBConfiguration) -> Void = {
            $0.statementCacheSize = 2
        }
        try await TestDatabase.withSchema(configure: configure) { database in
            let deadline = Deadline.after(.seconds(20))
            try database.withConnection(until: deadline) { connection in
                let start = connection.preparations
                var prepared: [Int] = []
                for value in 0..<5 {
                    _ = try connection.query("SELECT \(value)", until: deadline)
                }
                prepared.append(connection.preparations - start)
                _ = try connection.query("SELECT 2, \(2)", until: deadline)
                _ = try connection.query("SELECT \(0)", until: deadline)
                prepared.append(connection.preparations - start)
                _ = try connection.query("SELECT 3, \(3)", until: deadline)
                _ = try connection.query("SELECT \(0)", until: deadline)
                prepared.append(connection.preparations - start)
                _ = try connection.query("SELECT 2, \(2)", until: deadline)
                prepared.append(connection.preparations - start)
                #expect(prepared == [1, 2, 3, 4])
            }
        }
    }

    @Test("prepares a statement anew where that is wanted, and keeps nothing of it")
    func preparesAnew() async throws {
        try await TestDatabase.withSchema { database in
            let deadline = Deadline.after(.seconds(20))
            try database.withConnection(until: deadline) { connection in
                let status: SQL = "SHOW SESSION STATUS LIKE 'Com_stmt_close'"
                let before = try connection.query(status, until: deadline)[0].string(1)
                _ = try connection.query("SELECT \(0)", until: deadline)
                let start = connection.preparations
                for value in 1...3 {
                    let statement: SQL = "SELECT \(value)"
                    let rows = try connection.query(statement.preparedAnew, until: deadline)
                    #expect(try rows.map { try $0.int(0) } == [value])
                }
                #expect(connection.preparations - start == 3)
                let after = try connection.query(status, until: deadline)[0].string(1)
                #expect(Int(after) == Int(before).map { $0 + 3 })
                _ = try connection.query("SELECT \(4)", until: deadline)
                #expect(connection.preparations - start == 3)
            }
        }
    }

    @Test("follows a table that changes under a prepared statement")
    func survivesAlteration() async throws {
        try await TestDatabase.withSchema("CREATE TABLE t (a INT); INSERT INTO t VALUES (1)") {
            database in
            let deadline = Deadline.after(.seconds(20))
            try database.withConnection(until: deadline) { connection in
                _ = try connection.query("SELECT * FROM t", until: deadline)
                try connection.executeScript("ALTER TABLE t ADD b TEXT", until: deadline)
                // The library may refuse the statement once, and it is prepared anew then.
                _ = try? connection.query("SELECT * FROM t", until: deadline)
                var other = try Connection.connect(database.configuration, until: deadline)
                let rows = try other.query("SELECT * FROM t", until: deadline)
                #expect(rows[0].columnNames == ["a", "b"])
                #expect(rows[0].values == [.int(1), .null])
            }
        }
    }

    @Test("lets a script wait for locks as long as it may take, and no statement after it")
    func scriptsWait() async throws {
        try await TestDatabase.withSchema { database in
            let deadline = Deadline.after(.seconds(30))
            try database.withConnection(until: deadline) { connection in
                let wait = "@@innodb_lock_wait_timeout"
                for script in ["SET @seen = \(wait)", "SET @seen = \(wait); SELECT nothing"] {
                    _ = try? connection.executeScript(script, until: deadline)
                    let row = try connection.query(
                        "SELECT @seen AS seen, @@innodb_lock_wait_timeout AS after_it",
                        until: deadline
                    )[0]
                    #expect(try row.int("seen") > 20 && row.int("after_it") == 1)
                }
            }
        }
    }

    @Test("sets up its session")
    func setsUpSession() async throws {
        let row = try await TestDatabase.withSchema { database in
            try database.query(
                """
                SELECT @@time_zone AS zone, @@sql_mode AS mode, @@collation_connection AS collation,
                    @@innodb_lock_wait_timeout AS lock_wait, @@tx_isolation AS isolation
                """,
                until: .after(.seconds(5))
            )[0]
        }
        #expect(try row.string("zone") == "+00:00")
        #expect(try row.string("mode").contains("STRICT_ALL_TABLES"))
        #expect(try row.string("collation") == "utf8mb4_unicode_ci")
        #expect(try row.int("lock_wait") == 1)
        #expect(try row.string("isolation") == "READ-COMMITTED")
    }

    @Test("runs a script split by the server, up to the statement that fails")
    func runsScript() async throws {
        try await TestDatabase.withSchema { database in
            let deadline = Deadline.after(.seconds(20))
            let error = #expect(throws: MariaDBError.self) {
                try database.executeScript(
                    """
                    CREATE TABLE t (a VARCHAR(20));
                    -- A comment; with a semicolon.
                    INSERT INTO t VALUES ('one; two');
                    CREATE TRIGGER u BEFORE UPDATE ON t FOR EACH ROW BEGIN
                        SET NEW.a = 'x'; SET NEW.a = 'y';
                    END;
                    SELECT * FROM t;
                    INSERT INTO nowhere VALUES (1);
                    INSERT INTO t VALUES ('three');
                    """,
                    until: deadline
                )
            }
            #expect(error?.code == .noSuchTable)
            #expect(error?.failure?.message.contains("statement 5") == true)
            #expect(error?.isNotExecuted == false)
            let rows = try database.query("SELECT a FROM t", until: deadline)
            #expect(try rows.map { try $0.string("a") } == ["one; two"])
        }
    }

    @Test("takes no second statement outside a script")
    func refusesSecondStatement() async throws {
        try await TestDatabase.withSchema { database in
            let deadline = Deadline.after(.seconds(20))
            try database.withConnection(until: deadline) { connection in
                try connection.executeScript("SELECT 1; SELECT 2", until: deadline)
                let error = #expect(throws: MariaDBError.self) {
                    let two = "SELECT 1; SELECT 2"
                    try connection.command(two, patience: .seconds(5), until: deadline)
                }
                #expect(error?.code == .syntax)
            }
        }
    }

    @Test("holds a lock until it is closed")
    func holdsLock() async throws {
        try await TestDatabase.withSchema { database in
            let deadline = Deadline.after(.seconds(20))
            let name = "lock_of_\(database.configuration.database ?? "")"
            let takes: SQL = "SELECT GET_LOCK(\(name), 0) AS is_taken"
            try database.withConnection(until: deadline) { connection in
                #expect(try connection.query(takes, until: deadline)[0].bool("is_taken"))
                try database.withConnection(until: deadline) { other in
                    let isTaken = try other.query(takes, until: deadline)[0].bool("is_taken")
                    #expect(!isTaken)
                }
                try connection.execute("DO RELEASE_LOCK(\(name))", until: deadline)
                #expect(try connection.query(takes, until: deadline)[0].bool("is_taken"))
            }
            try database.withConnection(until: deadline) { connection in
                // The server frees the lock a moment after the session that held it has ended.
                let waits: SQL = "SELECT GET_LOCK(\(name), 5) AS is_taken"
                let row = try connection.query(waits, class: .job, until: deadline)[0]
                #expect(try row.bool("is_taken"))
            }
        }
    }

    @Test("reads on after a failed statement and after a procedure's results")
    func staysInStep() async throws {
        let script = """
            CREATE TABLE t (a INT PRIMARY KEY);
            CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END
            """
        try await TestDatabase.withSchema(script) { database in
            let deadline = Deadline.after(.seconds(20))
            try database.withConnection(until: deadline) { connection in
                for _ in 0..<3 {
                    #expect(throws: MariaDBError.self) {
                        try connection.execute("INSERT INTO nowhere VALUES (1)", until: deadline)
                    }
                    let first = try connection.query("CALL p()", until: deadline)
                    let next = try connection.query("SELECT \(1)", until: deadline)
                    #expect(first.count == 1 && next.count == 1)
                }
                let isBroken = connection.isBroken
                #expect(!isBroken)
            }
        }
    }
}
