import OrderServiceTesting
import Redis
import Resilience
import Testing

@Suite("Redis client against a server", .serialized, .enabled(if: PrivateRedis.isAvailable))
struct RedisClientTests {
    private let server: PrivateRedis
    private let client: RedisClient

    init() throws {
        server = try PrivateRedis()
        client = RedisClient(.test(server))
    }

    private var soon: Deadline { .after(.seconds(20)) }

    @Test(
        "gives values back byte for byte",
        arguments: [
            [], [0], [UInt8](0...255), [UInt8]("a\r\n$3\r\nb".utf8),
            [UInt8](repeating: 0xAB, count: 1_048_576),
        ]
    )
    func keepsBytes(value: [UInt8]) throws {
        let key: [UInt8] = [0x6B, 0x00, 0x0D, 0x0A]
        #expect(try client.send(Command("SET", key, value, "PX", 60_000), until: soon).isOK)
        #expect(try client.send(Command("GET", key), until: soon).bytes == value)
        #expect(try client.send(Command("STRLEN", key), until: soon).integer == Int64(value.count))
    }

    @Test("finds all keys that fit a pattern, and those of a text as it stands")
    func scans() throws {
        let odd = "a*[b]?^-\\"
        for number in 0..<2_500 {
            #expect(try client.send(Command("SET", "\(odd):\(number)", "1"), until: soon).isOK)
            #expect(try client.send(Command("SET", "ax[b]y^-\\:\(number)", "1"), until: soon).isOK)
        }
        func found(_ pattern: String) throws -> Set<[UInt8]> {
            var keys: Set<[UInt8]> = []
            var cursor: [UInt8]? = RedisClient.scanStart
            while let position = cursor {
                let step = try client.scan(from: position, matching: pattern, until: soon)
                keys.formUnion(step.keys)
                cursor = step.next
            }
            return keys
        }
        #expect(try found("*").count == 5_000)
        let own = try found(RedisClient.pattern(of: odd) + ":*")
        #expect(own == Set((0..<2_500).map { Array("\(odd):\($0)".utf8) }))
    }

    @Test("tells nothing, numbers, words and lists apart") func tellsRepliesApart() throws {
        #expect(try client.send(Command("GET", "none"), until: soon).isNull)
        #expect(try client.send(Command("PING"), until: soon) == .status("PONG"))
        #expect(try client.send(Command("RPUSH", "list", "a", ""), until: soon) == .integer(2))
        #expect(
            try client.send(Command("LRANGE", "list", 0, -1), until: soon)
                == .array([.bytes([0x61]), .bytes([])])
        )
        #expect(try client.send(Command("LRANGE", "no", 0, -1), until: soon) == .array([]))
    }

    @Test("puts lists in lists together as they were sent") func nestsReplies() throws {
        let script = """
            return {{}, {1, {'a', {{}, {}}}, false}, redis.status_reply('OK'), \
            redis.error_reply('ERR no'), {{{{{'deep'}}}}}, ''}
            """
        let nested = Reply.array([
            .array([]),
            .array([
                .integer(1), .array([.bytes([0x61]), .array([.array([]), .array([])])]), .null,
            ]),
            .status("OK"),
            .error(RedisServerError(message: "ERR no")),
            .array([.array([.array([.array([.array([.bytes([UInt8]("deep".utf8))])])])])]),
            .bytes([]),
        ])
        for _ in 0..<2 {
            #expect(try client.send(Command("EVAL", script, 0), until: soon) == nested)
        }
    }

    @Test("throws what the server refuses, and goes on") func throwsRefusal() throws {
        _ = try client.send(Command("SET", "text", "a"), until: soon)
        #expect {
            try client.send(Command("INCR", "text"), until: soon)
        } throws: { error in
            guard case RedisError.server(let refusal) = error else { return false }
            return refusal.code == .generic
        }
        #expect(try client.send(Command("GET", "text"), until: soon).string == "a")
    }

    @Test("carries out a pipeline around a refused command") func pipelinesAroundError() throws {
        let replies = try client.pipeline(
            [
                Command("SET", "a", "1"),
                Command("LPUSH", "a", "x"),
                .formatted([UInt8]("*2\r\n$3\r\nGET\r\n$1\r\na\r\n".utf8)),
            ],
            until: soon
        )
        #expect(replies.count == 3)
        #expect(replies[0].isOK)
        #expect(replies[1].error?.code == .wrongType)
        #expect(replies[2].string == "1")
        #expect(try client.pipeline([], until: soon).isEmpty)
    }

    @Test("reads a pipeline of many large replies") func readsLargePipeline() throws {
        let value = [UInt8](repeating: 7, count: 100_000)
        _ = try client.send(Command("SET", "large", value), until: soon)
        let commands = [Command](repeating: Command("GET", "large"), count: 50)
        let replies = try client.pipeline(commands, until: soon)
        #expect(replies == [Reply](repeating: .bytes(value), count: 50))
    }

    @Test("keeps one connection for one caller after another") func reusesConnection() throws {
        let first = try client.send(Command("CLIENT", "ID"), until: soon)
        let second = try client.send(Command("CLIENT", "ID"), until: soon)
        #expect(first == second)
        #expect(client.usage.lent == 0)
    }

    @Test("refuses commands after it was closed") func refusesAfterClose() throws {
        _ = try client.send(Command("PING"), until: soon)
        client.close()
        #expect(throws: RedisError.closed) { try client.send(Command("PING"), until: soon) }
        let other = RedisClient(.test(server))
        let list = try other.send(Command("CLIENT", "LIST"), until: soon).string ?? ""
        #expect(list.split(separator: "\n").count == 1)
    }

    @Test("refuses a deadline that is over without a command") func refusesExpired() throws {
        #expect(throws: RedisError.connectionFailed("no time left to connect")) {
            try client.send(Command("PING"), until: .after(.zero))
        }
        _ = try client.send(Command("PING"), until: soon)
        #expect(throws: RedisError.timedOut) {
            try client.send(Command("SET", "late", "x"), until: .after(.zero))
        }
        #expect(try client.send(Command("EXISTS", "late"), until: soon).integer == 0)
    }

    @Test("waits at the server for longer than an operation may") func waitsLonger() throws {
        let client = RedisClient(.test(server, operationTimeout: .milliseconds(200)))
        let read = Command("XREAD", "BLOCK", 400, "STREAMS", "events", "$")
        #expect(throws: RedisError.timedOut) { try client.send(read, until: soon) }
        #expect(try client.send(read, until: soon, timeout: .seconds(20)).isNull)
    }

    @Test("selects its database for every connection") func selectsDatabase() throws {
        let third = RedisClient(.test(server, database: 3))
        _ = try third.send(Command("SET", "where", "three"), until: soon)
        #expect(try client.send(Command("GET", "where"), until: soon).isNull)
        #expect(try third.send(Command("GET", "where"), until: soon).string == "three")
        let none = RedisClient(.test(server, database: 99))
        #expect(throws: RedisError.self) { try none.send(Command("PING"), until: soon) }
    }

    @Test("speaks over TCP") func speaksOverTCP() throws {
        // A port may be taken; one of a few random ones is free.
        let ports = (0..<20).map { _ in Int.random(in: 20_000..<60_000) }
        for port in ports {
            guard let server = try? PrivateRedis(["--port", "\(port)", "--bind", "127.0.0.1"])
            else { continue }
            try withExtendedLifetime(server) {
                var configuration = RedisConfiguration.test(server)
                configuration.address = .tcp("127.0.0.1", port)
                let client = RedisClient(configuration)
                let reply = try client.send(Command("ECHO", "a\0b"), until: soon)
                #expect(reply.string == "a\0b")
            }
            return
        }
        Issue.record("no port is free")
    }

    @Test("signs in as a user of the access control list") func signsIn() throws {
        _ = try client.send(
            Command("ACL", "SETUSER", "orders", "on", ">s\0cret", "~order:*", "+get", "+set"),
            until: soon
        )
        let user = RedisClient(.test(server, user: "orders", password: "s\0cret"))
        #expect(try user.send(Command("SET", "order:1", "x"), until: soon).isOK)
        #expect(
            try refusal { try user.send(Command("GET", "other"), until: soon) } == .noPermission
        )

        let stranger = RedisClient(.test(server, user: "orders", password: "s"))
        #expect(
            try refusal { try stranger.send(Command("GET", "order:1"), until: soon) }
                == .wrongPassword
        )
    }

    @Test("says so if the server wants a password") func wantsPassword() throws {
        _ = try client.send(Command("CONFIG", "SET", "requirepass", "secret"), until: soon)
        let nobody = RedisClient(.test(server))
        #expect(
            try refusal { try nobody.send(Command("PING"), until: soon) } == .noAuthentication
        )
        let known = RedisClient(.test(server, password: "secret"))
        #expect(try known.send(Command("GET", "a"), until: soon).isNull)
    }

    private func refusal(_ body: () throws -> Reply) throws -> RedisServerError.Code? {
        do {
            _ = try body()
            return nil
        } catch RedisError.server(let error) {
            return error.code
        }
    }
}

extension RedisConfiguration {
    /// A configuration whose limits a busy machine does not reach.
    static func test(
        _ server: PrivateRedis,
        user: String? = nil,
        password: String? = nil,
        database: Int = 0,
        operationTimeout: Duration = .seconds(10),
        poolSize: Int = 4,
        poolWait: Duration = .seconds(10)
    ) -> RedisConfiguration {
        RedisConfiguration(
            address: .unix(server.socketPath),
            user: user,
            password: password,
            database: database,
            connectTimeout: .seconds(10),
            operationTimeout: operationTimeout,
            poolSize: poolSize,
            poolWait: poolWait
        )
    }
}
