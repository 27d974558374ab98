import Foundation
import OrderServiceTesting
import Resilience
import Testing

@testable import MariaDB

@Suite("Failing server", .serialized, .enabled(if: TestDatabase.isAvailable))
struct FailureTests {
    private static func database(on server: PrivateMariaDB) throws -> Database {
        let setUp = Database(TestDatabase.configuration(socket: server.socket))
        try setUp.executeScript(
            "CREATE DATABASE shop; CREATE TABLE shop.t (a INT PRIMARY KEY) ENGINE InnoDB",
            until: .after(.seconds(20))
        )
        return Database(TestDatabase.configuration(socket: server.socket, schema: "shop"))
    }

    private static func count(_ database: Database) throws -> Int {
        try database.query("SELECT COUNT(*) FROM t", until: .after(.seconds(10)))[0].int(0)
    }

    @Test("is connected to anew after a restart, unnoticed by readers and writers")
    func survivesRestart() async throws {
        try await onOwnThread {
            let server = try PrivateMariaDB()
            let database = try Self.database(on: server)
            let insert = { (number: Int) in
                _ = try database.execute(
                    "INSERT INTO t VALUES (\(number))",
                    until: .after(.seconds(10))
                )
            }
            try insert(1)
            server.stop()
            let error = #expect(throws: MariaDBError.self) {
                try database.query("SELECT 1", until: .after(.seconds(10)))
            }
            guard case .connectFailed(let failures) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(failures.map(\.server) == [server.socket])
            try server.start()
            try insert(2)
            server.kill()
            try server.start()
            #expect(try Self.count(database) == 2)
            try database.transaction(until: .after(.seconds(10))) { transaction in
                try transaction.execute("INSERT INTO t VALUES (3)")
            }
            #expect(try Self.count(database) == 3)
            #expect(database.usage.lent == 0)
        }
    }

    @Test("is not connected to any more while the breaker is open, and then again")
    func breaker() async throws {
        try await onOwnThread {
            var policy = CircuitBreakerConfiguration()
            policy.minimumCalls = 3
            policy.openWait = .milliseconds(1)
            policy.openWaitCap = .milliseconds(1)
            let breaker = try CircuitBreaker(name: "mariadb", policy)
            // Nobody listens there, until there is a link to one that does.
            let path = "/tmp/mariadb-\(UUID().uuidString.prefix(8))"
            defer { unlink(path) }
            let database = Database(TestDatabase.configuration(socket: path), breaker: breaker)
            let ask: () throws -> Void = {
                _ = try database.query("SELECT 1", until: .after(.seconds(10)))
            }
            for _ in 0..<3 {
                let error = #expect(throws: MariaDBError.self) { try ask() }
                guard case .connectFailed = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            #expect(breaker.snapshot.openings == 1)
            breaker.reset(by: ManualOrder(who: "test", why: "a known state"))
            try breaker.set(.openFor(.seconds(60)), by: ManualOrder(who: "test", why: "refusal"))
            let refusal = #expect(throws: MariaDBError.self) {
                try database.transaction(until: .after(.seconds(10))) { _ in }
            }
            guard case .breakerOpen = refusal, refusal?.isNotExecuted == true else {
                Issue.record("\(String(describing: refusal))")
                return
            }
            symlink(TestDatabase.socketPath, path)
            breaker.reset(by: ManualOrder(who: "test", why: "it is back"))
            try ask()
            // What the server refuses says that it is there.
            for _ in 0..<5 {
                _ = try? database.query("SELECT nonsense", until: .after(.seconds(10)))
            }
            #expect(breaker.snapshot.state == .closed && breaker.snapshot.counts.failed == 0)
        }
    }

    @Test("leaves nothing of a transaction that it was killed in")
    func losesTransaction() async throws {
        try await onOwnThread {
            let server = try PrivateMariaDB()
            let database = try Self.database(on: server)
            let error = #expect(throws: MariaDBError.self) {
                try database.transaction(until: .after(.seconds(10))) { transaction in
                    try transaction.execute("INSERT INTO t VALUES (1)")
                    server.kill()
                    try transaction.execute("INSERT INTO t VALUES (2)")
                }
            }
            #expect(error?.isNotExecuted == true)
            try server.start()
            #expect(try Self.count(database) == 0)
        }
    }

    @Test("lets a transaction begin again when its connection is killed")
    func retriesKilledConnection() async throws {
        try await onOwnThread {
            let server = try PrivateMariaDB()
            let database = try Self.database(on: server)
            var runs = 0
            try database.transaction(until: .after(.seconds(20))) { transaction in
                runs += 1
                try transaction.execute("INSERT INTO t VALUES (\(runs))")
                if runs == 1 {
                    let id = try transaction.query("SELECT CONNECTION_ID()")[0].int(0)
                    try database.withConnection(until: .after(.seconds(10))) { connection in
                        try connection.execute("KILL \(id)", until: .after(.seconds(10)))
                    }
                }
                try transaction.execute("INSERT INTO t VALUES (\(runs + 10))")
            }
            #expect(runs == 2)
            let rows = try database.query("SELECT a FROM t ORDER BY a", until: .after(.seconds(5)))
            #expect(try rows.map { try $0.int("a") } == [2, 12])
        }
    }

    @Test("leaves the outcome of a commit open when it does not answer, long before its deadline")
    func leavesCommitOpen() async throws {
        try await onOwnThread {
            let server = try PrivateMariaDB()
            let database = try Self.database(on: server)
            let deadline = Deadline.after(.seconds(60))
            let error = #expect(throws: MariaDBError.self) {
                try database.transaction(until: deadline) { transaction in
                    try transaction.execute("INSERT INTO t VALUES (1)")
                    server.freeze()
                }
            }
            #expect(!deadline.isExpired)
            server.thaw()
            guard case .commitOutcomeUnknown = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.isNotExecuted == false)
            #expect(database.usage.lent == 0)
        }
    }

    @Test("is passed over for the next host once it is read-only")
    func skipsReadOnly() async throws {
        try await onOwnThread {
            let ports = try (Listener(listens: false).port, Listener(listens: false).port)
            let replica = try Self.networked(port: ports.0)
            let primary = try Self.networked(port: ports.1)
            var configuration = MariaDBConfiguration(
                address: .hosts([
                    .init("localhost", port: ports.0), .init("127.0.0.1", port: ports.1),
                ]),
                user: "shop",
                password: "secret"
            )
            configuration.poolSize = 1
            let database = Database(configuration)
            let port: SQL = "SELECT @@port"
            let first = try database.query(port, until: .after(.seconds(10)))[0].int(0)
            #expect(first == Int(ports.0))

            let administration = Database(TestDatabase.configuration(socket: replica.socket))
            try administration.executeScript(
                "SET GLOBAL read_only = 1",
                until: .after(.seconds(10))
            )
            try database.execute("CREATE DATABASE moved", until: .after(.seconds(10)))
            let second = try database.query(port, until: .after(.seconds(10)))[0].int(0)
            #expect(second == Int(ports.1))
            primary.stop()
            replica.stop()
        }
    }

    private static func networked(port: UInt16) throws -> PrivateMariaDB {
        let server = try PrivateMariaDB(
            options: ["--port=\(port)", "--bind-address=127.0.0.1", "--skip-name-resolve"]
        )
        let administration = Database(TestDatabase.configuration(socket: server.socket))
        defer { administration.close() }
        try administration.executeScript(
            "CREATE USER shop@'127.0.0.1' IDENTIFIED BY 'secret'; "
                + "GRANT CREATE, SELECT ON *.* TO shop@'127.0.0.1'",
            until: .after(.seconds(10))
        )
        return server
    }

    @Test("gives one clear error with the reason for each host")
    func namesUnreachable() async throws {
        let refusing = try Listener(listens: false)
        let silent = try Listener(listens: true)
        var configuration = MariaDBConfiguration(
            address: .hosts([
                .init("127.0.0.1", port: refusing.port), .init("127.0.0.1", port: silent.port),
            ]),
            user: "nobody"
        )
        configuration.connectTimeout = .seconds(1)
        let database = Database(configuration)
        let error = await #expect(throws: MariaDBError.self) {
            try await onOwnThread { try database.ping(until: .after(.seconds(10))) }
        }
        guard case .connectFailed(let failures) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(
            failures.map(\.server) == ["127.0.0.1:\(refusing.port)", "127.0.0.1:\(silent.port)"]
        )
        #expect(error?.isNotExecuted == true)
        #expect(database.usage.lent == 0)
    }
}

/// A bound TCP port that refuses connections, or takes them and says nothing.
private final class Listener {
    let port: UInt16
    private let descriptor: Int32

    init(listens: Bool) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = bind(descriptor, address, length)
                _ = getsockname(descriptor, address, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        if listens { listen(descriptor, 4) }
        try #require(port != 0)
    }

    deinit {
        close(descriptor)
    }
}
