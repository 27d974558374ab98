import FastCGI
import Foundation
import MariaDB
import OrderService
import OrderServiceTesting
import Redis
import Resilience
import Signing
import Testing
import Web

/// Two `orderd serve` on one MariaDB and a Redis of their own, asked past any web server.
@Suite(
    "Revocation over processes",
    .serialized,
    .enabled(if: Program.isAvailable && TestDatabase.isAvailable && PrivateRedis.isAvailable)
)
struct SessionRevocationTests {
    /// The promise: so long after the answer to a revocation nobody believes the session.
    private static let limit = Duration.seconds(1)
    /// On a test machine that is busy with other things, one of the rounds has to keep to it.
    private static let rounds = 3

    private final class Process {
        private let child: ChildProcess
        private let path: String

        init(_ settings: [String: String], _ directory: String, _ name: String) throws {
            path = "\(directory)/\(name).sock"
            child = try Program.start(
                ["serve"],
                settings.merging(["LISTEN": "unix:\(path)"]) { $1 }
            )
            _ = try child.line(containing: "\"serving\"")
        }

        /// The status of an answer.
        func status(_ method: String, _ target: String, _ token: String) throws -> Int? {
            let client = try FastCGIClient(to: .unix(path: path))
            let headers = [(name: "HTTP_AUTHORIZATION", value: "Bearer \(token)")]
            let request = FastCGIRecords.request(method, target, headers: headers)
            return try client.exchange(request)?.status
        }

        func end() { child.end() }
    }

    private struct Scene {
        let first: Process
        let second: Process
        let redis: PrivateRedis
        let client: RedisClient
        let settings: [String: String]

        func issue() throws -> String {
            let run = try Program.run(
                ["session", "issue", "--user", "1", "--role", "customer"],
                settings
            )
            return String(run.output.dropLast())
        }

        func key(_ token: String) -> [UInt8] {
            CacheName.session.key(SHA256.digest(Array(token.utf8)).hex)
        }

        func get(_ token: String) throws -> [UInt8]? { try send("GET", key(token)).bytes }

        func set(_ token: String, _ value: [UInt8]) throws {
            _ = try send("SET", key(token), value)
        }

        /// Asks Redis; a second time if the connection was one from before its restart.
        private func send(_ name: String, _ arguments: any RedisArgument...) throws -> Reply {
            let command = Command(name, arguments: arguments)
            if let reply = try? client.send(command, until: .after(.seconds(9))) { return reply }
            return try client.send(command, until: .after(.seconds(9)))
        }

        /// Whether the second process believes what Redis has: an entry that MariaDB knows
        /// nothing of.
        func believesRedis(_ entry: [UInt8]) throws -> Bool {
            let unknown = SecureRandom.token(prefix: "st_")
            try set(unknown, entry)
            return try second.status("GET", "/v1/orders", unknown) == 200
        }

        /// How long the second process goes on believing a session whose old entry Redis has
        /// whenever it asks.
        func survival(
            of token: String,
            _ entry: [UInt8],
            since start: ContinuousClock.Instant
        ) throws -> Duration {
            let end = start + .seconds(30)
            while ContinuousClock.now < end {
                // Else a refusal would show no more than that Redis was not asked.
                guard try believesRedis(entry) else { continue }
                try set(token, entry)
                let asked = ContinuousClock.now
                let status = try second.status("GET", "/v1/orders", token)
                if status == 401 { return asked - start }
                try #require(status == 200)
            }
            return end - start
        }
    }

    private static func withScene(_ body: @escaping @Sendable (Scene) throws -> Void) async throws {
        try await TestDatabase.withSchema { database in
            let directory = try StackUnderTest.makeDirectory()
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let redis = try PrivateRedis()
            let settings = try Program.migratedSettings(
                database,
                ["REDIS_CACHE_SOCKET": redis.socketPath]
            )
            let first = try Process(settings, directory, "1")
            defer { first.end() }
            let second = try Process(settings, directory, "2")
            defer { second.end() }
            let client = RedisClient(
                RedisConfiguration(
                    address: .unix(redis.socketPath),
                    connectTimeout: .seconds(5),
                    operationTimeout: .seconds(5)
                )
            )
            defer { client.close() }
            try body(
                Scene(
                    first: first,
                    second: second,
                    redis: redis,
                    client: client,
                    settings: settings
                )
            )
        }
    }

    @Test("takes effect within a second, also where Redis still has the session")
    func withinASecond() async throws {
        try await Self.withScene { scene in
            // What stands in Redis is believed; without that there would be nothing to show.
            let model = try scene.issue()
            #expect(try scene.second.status("GET", "/v1/orders", model) == 200)
            let entry = try #require(try scene.get(model))
            #expect(try scene.believesRedis(entry))
            let unknown = SecureRandom.token(prefix: "st_")
            #expect(try scene.second.status("GET", "/v1/orders", unknown) == 401)

            let survivals = try (0..<Self.rounds).map { _ in
                let token = try scene.issue()
                #expect(try scene.second.status("GET", "/v1/orders", token) == 200)
                #expect(
                    try scene.first.status("DELETE", "/v1/sessions/current", token) == 204
                )
                return try scene.survival(of: token, entry, since: .now)
            }
            let best = try #require(survivals.min())
            #expect(best <= Self.limit, "\(survivals)")
            #expect(survivals.allSatisfy { $0 < .seconds(15) }, "\(survivals)")
        }
    }

    @Test("takes effect within a second when Redis was away and comes back with old data")
    func redisComesBack() async throws {
        try await Self.withScene { scene in
            let survivals = try (0..<Self.rounds).map { _ in
                let token = try scene.issue()
                #expect(try scene.second.status("GET", "/v1/orders", token) == 200)
                let entry = try #require(try scene.get(token))
                scene.redis.stop()
                #expect(
                    try scene.first.status("DELETE", "/v1/sessions/current", token) == 204
                )
                let start = ContinuousClock.now
                try scene.redis.start()
                return try scene.survival(of: token, entry, since: start)
            }
            let best = try #require(survivals.min())
            #expect(best <= Self.limit, "\(survivals)")
            #expect(survivals.allSatisfy { $0 < .seconds(15) }, "\(survivals)")
        }
    }

    @Test("by command takes effect in the processes that serve")
    func byCommand() async throws {
        try await Self.withScene { scene in
            let token = try scene.issue()
            #expect(try scene.second.status("GET", "/v1/orders", token) == 200)
            let entry = try #require(try scene.get(token))
            scene.redis.stop()
            let run = try Program.run(["session", "revoke", "--user", "1"], scene.settings)
            #expect(run.output == "revoked 1\n")
            try scene.redis.start()
            #expect(try scene.survival(of: token, entry, since: .now) < .seconds(15))
            #expect(try scene.get(token) == entry)
        }
    }
}
