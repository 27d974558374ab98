import Foundation
import OrderServiceTesting
import Redis
import Resilience
import Testing

@Suite("Redis outages", .serialized, .enabled(if: PrivateRedis.isAvailable))
struct RedisOutageTests {
    private let server: PrivateRedis

    init() throws {
        server = try PrivateRedis()
    }

    private var soon: Deadline { .after(.seconds(20)) }
    private let ping = Command("PING")

    @Test("fails to connect where nobody listens") func failsToConnect() {
        let client = RedisClient(RedisConfiguration(address: .unix("/nonexistent/s")))
        #expect(throws: RedisError.connectionFailed("No such file or directory")) {
            try client.send(ping, until: soon)
        }
        let tooLong = RedisConfiguration(address: .unix(String(repeating: "x", count: 200)))
        #expect(throws: RedisError.self) { try RedisClient(tooLong).send(ping, until: soon) }
    }

    @Test("serves the first caller after a restart") func survivesRestart() throws {
        let client = RedisClient(.test(server))
        _ = try client.send(ping, until: soon)
        server.stop()
        try server.start()
        #expect(try client.send(ping, until: soon) == .status("PONG"))
    }

    @Test("fails while the server is gone and recovers with it") func recovers() throws {
        let client = RedisClient(.test(server))
        _ = try client.send(ping, until: soon)
        server.stop()
        for _ in 0..<3 {
            #expect(throws: RedisError.connectionFailed("Connection refused")) {
                try client.send(ping, until: soon)
            }
        }
        try server.start()
        #expect(try client.send(ping, until: soon) == .status("PONG"))
    }

    @Test("gives up on a stopped server in time, on a kept and on a new connection")
    func givesUpOnStoppedServer() throws {
        let client = RedisClient(.test(server, operationTimeout: .milliseconds(500)))
        _ = try client.send(ping, until: soon)
        server.pause()
        #expect(throws: RedisError.timedOut) { try client.send(ping, until: soon) }
        #expect(throws: RedisError.connectionFailed("the server did not greet in time")) {
            try client.send(ping, until: soon)
        }
        server.resume()
        let patient = RedisClient(.test(server))
        #expect(try patient.send(ping, until: soon) == .status("PONG"))
        #expect(try client.send(ping, until: soon) == .status("PONG"))
        #expect(client.usage.lent == 0)
    }

    /// A breaker that opens after three failures and is tried again at once.
    private func breaker(_ wait: Duration = .milliseconds(1)) throws -> CircuitBreaker {
        var configuration = CircuitBreakerConfiguration()
        configuration.minimumCalls = 3
        configuration.openWait = wait
        configuration.openWaitCap = wait
        return try CircuitBreaker(name: "redis", configuration)
    }

    @Test("is not asked any more while the breaker is open, but for what is urgent")
    func breakerOpens() throws {
        let breaker = try breaker(.seconds(60))
        let client = RedisClient(.test(server), breaker: breaker)
        _ = try client.send(ping, until: soon)
        server.stop()
        for _ in 0..<2 {
            #expect(throws: RedisError.connectionFailed("Connection refused")) {
                try client.pipeline([ping], until: soon)
            }
        }
        #expect(throws: RedisError.breakerOpen) { try client.send(ping, until: soon) }
        try server.start()
        #expect(throws: RedisError.breakerOpen) { try client.pipeline([ping], until: soon) }
        #expect(try client.send(ping, until: soon, isUrgent: true) == .status("PONG"))
        #expect(breaker.snapshot.state == .open)
    }

    @Test("is taken for ill by as many calls as one stands for, and for well by one")
    func standsForSeveral() throws {
        let breaker = try breaker(.seconds(60))
        let client = RedisClient(.test(server), breaker: breaker)
        _ = try client.pipeline([ping, ping], standingFor: 2, until: soon)
        #expect(breaker.snapshot.totals.succeeded == 1)
        server.stop()
        #expect(throws: RedisError.connectionFailed("Connection refused")) {
            try client.pipeline([ping, ping, ping], standingFor: 3, until: soon)
        }
        #expect(breaker.snapshot.state == .open)
    }

    @Test("is asked again once the breaker's wait is over") func breakerCloses() throws {
        let breaker = try breaker()
        let client = RedisClient(.test(server), breaker: breaker)
        server.stop()
        for _ in 0..<6 { _ = try? client.send(ping, until: soon) }
        #expect(breaker.snapshot.openings > 0)
        try server.start()
        let limit = soon
        while breaker.snapshot.state != .closed, !limit.isExpired {
            _ = try? client.send(ping, until: soon)
        }
        #expect(breaker.snapshot.state == .closed)
        #expect(try client.send(ping, until: soon) == .status("PONG"))
    }

    @Test("is taken for well when it refuses a command, or a caller left too little time")
    func refusalsAreNoFailures() throws {
        let breaker = try breaker(.seconds(60))
        let client = RedisClient(.test(server), breaker: breaker)
        for _ in 0..<5 {
            #expect(throws: RedisError.self) { try client.send(Command("NONSENSE"), until: soon) }
        }
        server.pause()
        for _ in 0..<5 {
            #expect(throws: RedisError.self) {
                try client.send(ping, until: .after(.milliseconds(20)))
            }
        }
        server.resume()
        #expect(breaker.snapshot.state == .closed && breaker.snapshot.totals.failed == 0)
    }

    @Test("obeys a deadline that is tighter than the operation timeout") func obeysDeadline() throws
    {
        let client = RedisClient(.test(server))
        _ = try client.send(ping, until: soon)
        server.pause()
        #expect(throws: RedisError.timedOut) {
            try client.send(ping, until: .after(.milliseconds(50)))
        }
        server.resume()
    }

    @Test("loses the answer of a server that dies meanwhile") func losesAnswer() throws {
        let client = RedisClient(.test(server))
        let finished = DispatchSemaphore(value: 0)
        let blocked = ResultBox()
        Thread {
            blocked.set(
                Result {
                    try client.send(Command("BLPOP", "queue", 0), until: .after(.seconds(20)))
                }
            )
            finished.signal()
        }.start()
        try waitForBlockedClient()
        server.stop()
        finished.wait()
        #expect {
            try blocked.get()
        } throws: { error in
            guard case RedisError.connectionLost = error else { return false }
            return true
        }
    }

    @Test("turns callers away when all connections are lent") func exhaustsPool() throws {
        let client = RedisClient(.test(server, poolSize: 1, poolWait: .milliseconds(1)))
        let finished = DispatchSemaphore(value: 0)
        let blocked = ResultBox()
        Thread {
            blocked.set(
                Result {
                    try client.send(Command("BLPOP", "queue", 0), until: .after(.seconds(20)))
                }
            )
            finished.signal()
        }.start()
        try waitForBlockedClient()
        #expect(throws: RedisError.poolExhausted) { try client.send(ping, until: soon) }
        #expect(client.usage.lent == 1)
        #expect(client.usage.exhaustions == 1)

        _ = try RedisClient(.test(server)).send(Command("RPUSH", "queue", "go"), until: soon)
        finished.wait()
        #expect(try blocked.get().array?.last?.string == "go")
        #expect(try client.send(ping, until: soon) == .status("PONG"))
    }

    /// Asks the server until it says that one client waits in a blocking command.
    private func waitForBlockedClient() throws {
        let observer = RedisClient(.test(server))
        let limit = soon
        while !limit.isExpired {
            let clients = try observer.send(Command("INFO", "clients"), until: limit).string ?? ""
            if clients.contains("blocked_clients:1") { return }
        }
        Issue.record("no client blocks")
    }
}

/// The result of a thread, for the test that waits for it.
private final class ResultBox: @unchecked Sendable {
    // Sendable because the reader waits for a semaphore that the writer signals after writing.
    private var result: Result<Reply, any Error>?

    func set(_ result: Result<Reply, any Error>) {
        self.result = result
    }

    func get() throws -> Reply {
        try #require(try result?.get())
    }
}
