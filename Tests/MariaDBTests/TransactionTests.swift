import Dispatch
import OrderServiceTesting
import Resilience
import Synchronization
import Testing

@testable import MariaDB

@Suite("Transaction", .serialized, .enabled(if: TestDatabase.isAvailable))
struct TransactionTests {
    private static let accounts = """
        CREATE TABLE accounts (id INT PRIMARY KEY, amount BIGINT NOT NULL);
        INSERT INTO accounts VALUES (1, 100), (2, 100);
        """

    private enum Refusal: Error {
        case tooLittle
    }

    private static func amounts(
        _ database: Database,
        until deadline: Deadline
    ) throws -> [Int] {
        let rows = try database.query("SELECT amount FROM accounts ORDER BY id", until: deadline)
        return try rows.map { try $0.int("amount") }
    }

    @Test("is committed whole and returns what its body returns")
    func commits() async throws {
        try await TestDatabase.withSchema(Self.accounts) { database in
            let deadline = Deadline.after(.seconds(20))
            let amount = try database.transaction(until: deadline) { transaction in
                try transaction.execute("UPDATE accounts SET amount = amount - 5 WHERE id = 1")
                try transaction.execute("UPDATE accounts SET amount = amount + 5 WHERE id = 2")
                return try transaction.query("SELECT amount FROM accounts WHERE id = 1")[0]
                    .int("amount")
            }
            #expect(amount == 95)
            let amounts = try Self.amounts(database, until: deadline)
            #expect(amounts == [95, 105])
        }
    }

    @Test("is rolled back when its body throws, and the error comes through")
    func rollsBack() async throws {
        try await TestDatabase.withSchema(Self.accounts) { database in
            let deadline = Deadline.after(.seconds(20))
            #expect(throws: Refusal.tooLittle) {
                try database.transaction(until: deadline) { transaction in
                    try transaction.execute("UPDATE accounts SET amount = 0")
                    throw Refusal.tooLittle
                }
            }
            let amounts = try Self.amounts(database, until: deadline)
            #expect(amounts == [100, 100])
        }
    }

    @Test("is rolled back, not committed, after its deadline")
    func rollsBackLate() async throws {
        try await TestDatabase.withSchema(Self.accounts) { database in
            let start = Deadline.after(.seconds(20))
            try database.ping(until: start)
            let deadline = Deadline.after(.milliseconds(300))
            let error = #expect(throws: MariaDBError.self) {
                try database.transaction(until: deadline) { transaction in
                    try transaction.execute("UPDATE accounts SET amount = 0")
                    while !deadline.isExpired {}
                }
            }
            #expect(error?.isNotExecuted == true)
            let amounts = try Self.amounts(database, until: start)
            #expect(amounts == [100, 100])
        }
    }

    @Test("is begun again after a deadlock, so that both of two succeed")
    func retriesDeadlock() async throws {
        try await TestDatabase.withSchema(Self.accounts) { database in
            let deadline = Deadline.after(.seconds(20))
            let runs = Mutex(0)
            let barrier = Barrier(parties: 2)

            @Sendable func transfer(from source: Int, to target: Int) throws {
                var isFirst = true
                try database.transaction(until: deadline) { transaction in
                    runs.withLock { $0 += 1 }
                    try transaction.execute(
                        "UPDATE accounts SET amount = amount - 10 WHERE id = \(source)"
                    )
                    if isFirst { barrier.wait() }
                    isFirst = false
                    try transaction.execute(
                        "UPDATE accounts SET amount = amount + 10 WHERE id = \(target)"
                    )
                }
            }
            let other = Companion { try transfer(from: 2, to: 1) }
            try transfer(from: 1, to: 2)
            try other.join()
            #expect(runs.withLock { $0 } >= 3)
            let amounts = try Self.amounts(database, until: deadline)
            #expect(amounts == [100, 100])
        }
    }

    @Test("sends nothing more after a deadlock, even if its body goes on")
    func refusesAfterDeadlock() async throws {
        try await TestDatabase.withSchema(Self.accounts) { database in
            let deadline = Deadline.after(.seconds(20))
            let barrier = Barrier(parties: 2)

            @Sendable func swallow(_ first: Int, _ second: Int) throws -> [MariaDBError] {
                var errors: [MariaDBError] = []
                var isFirst = true
                try database.transaction(until: deadline) { transaction in
                    try transaction.execute(
                        "UPDATE accounts SET amount = amount + 1 WHERE id = \(first)"
                    )
                    if isFirst { barrier.wait() }
                    isFirst = false
                    for _ in 0..<2 {
                        do throws(MariaDBError) {
                            try transaction.execute(
                                "UPDATE accounts SET amount = amount + 1 WHERE id = \(second)"
                            )
                            break
                        } catch {
                            errors.append(error)
                        }
                    }
                }
                return errors
            }
            let other = Companion { try swallow(2, 1) }
            let errors = try swallow(1, 2) + other.join()
            #expect(errors.count == 2)
            #expect(errors.allSatisfy { $0.code == .deadlock })
            let amounts = try Self.amounts(database, until: deadline)
            #expect(amounts == [102, 102])
        }
    }

    @Test("waits for a lock again after a lock wait timeout")
    func retriesLockWait() async throws {
        try await TestDatabase.withSchema(Self.accounts) { database in
            let deadline = Deadline.after(.seconds(20))
            let isHeld = DispatchSemaphore(value: 0)
            let hasFailed = DispatchSemaphore(value: 0)
            let holder = Companion {
                try database.transaction(until: deadline) { transaction in
                    try transaction.execute("UPDATE accounts SET amount = 1 WHERE id = 1")
                    isHeld.signal()
                    hasFailed.wait()
                }
            }
            isHeld.wait()
            let runs = try database.transaction(until: deadline) { transaction in
                do throws(MariaDBError) {
                    try transaction.execute("UPDATE accounts SET amount = amount + 1 WHERE id = 1")
                } catch {
                    #expect(error.code == .lockWaitTimeout)
                    hasFailed.signal()
                    throw error
                }
                return try transaction.query("SELECT amount FROM accounts WHERE id = 1")[0].int(0)
            }
            try holder.join()
            #expect(runs == 2)
        }
    }

    @Test("sees one snapshot if it asks for it")
    func isolates() async throws {
        try await TestDatabase.withSchema(Self.accounts) { database in
            let deadline = Deadline.after(.seconds(20))
            let read: SQL = "SELECT amount FROM accounts WHERE id = 1"
            for (isolation, expected) in [(Isolation.readCommitted, 7), (.repeatableRead, 100)] {
                try database.execute("UPDATE accounts SET amount = 100", until: deadline)
                let seen = try database.transaction(isolation: isolation, until: deadline) {
                    transaction in
                    _ = try transaction.query(read)
                    try database.execute("UPDATE accounts SET amount = 7", until: deadline)
                    return try transaction.query(read)[0].int("amount")
                }
                #expect(seen == expected)
            }
        }
    }
}

/// A point that threads pass together.
private final class Barrier: Sendable {
    private let missing: Mutex<Int>
    private let gate = DispatchSemaphore(value: 0)
    private let parties: Int

    init(parties: Int) {
        self.parties = parties
        missing = Mutex(parties)
    }

    func wait() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { for _ in 1..<parties { gate.signal() } } else { gate.wait() }
    }
}
