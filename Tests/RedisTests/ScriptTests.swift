import OrderServiceTesting
import Redis
import Resilience
import Testing

@Suite("Scripts at a Redis server", .serialized, .enabled(if: PrivateRedis.isAvailable))
struct ScriptTests {
    private let server: PrivateRedis
    private let client: RedisClient
    private let sum = Script(
        "redis.call('SET', KEYS[1], ARGV[1] + ARGV[2]) return {redis.call('GET', KEYS[1]), #ARGV}"
    )

    init() throws {
        server = try PrivateRedis()
        client = RedisClient(.test(server))
    }

    private var soon: Deadline { .after(.seconds(20)) }

    private func evaluateSum() throws -> Reply {
        try client.evaluate(sum, keys: ["total"], arguments: [2, "40"], until: soon)
    }

    @Test("runs a script with keys and arguments") func runsScript() throws {
        #expect(try evaluateSum() == .array([.bytes([UInt8]("42".utf8)), .integer(2)]))
    }

    @Test("runs a script that the server has forgotten") func runsForgottenScript() throws {
        let expected = try evaluateSum()
        #expect(try client.send(Command("SCRIPT", "FLUSH"), until: soon).isOK)
        #expect(try evaluateSum() == expected)
        #expect(try evaluateSum() == expected)
    }

    @Test("runs a script at a second server that never saw it") func runsAtSecondServer() throws {
        let expected = try evaluateSum()
        let other = try PrivateRedis()
        try withExtendedLifetime(other) {
            let reply = try RedisClient(.test(other))
                .evaluate(sum, keys: ["total"], arguments: [2, 40], until: soon)
            #expect(reply == expected)
        }
    }

    @Test("sends a known script by its digest alone") func sendsDigest() throws {
        _ = try evaluateSum()
        _ = try client.send(Command("CONFIG", "RESETSTAT"), until: soon)
        _ = try evaluateSum()
        let statistics = try client.send(Command("INFO", "commandstats"), until: soon).string
        #expect(statistics?.contains("cmdstat_evalsha:calls=1") == true)
        #expect(statistics?.contains("cmdstat_eval:") == false)
        #expect(statistics?.contains("cmdstat_script") == false)
    }

    @Test("runs scripts within a pipeline, known or forgotten") func runsInPipeline() throws {
        let call = Command.script(sum, keys: ["total"], arguments: [1, 1])
        for isForgotten in [false, true, false] {
            if isForgotten { _ = try client.send(Command("SCRIPT", "FLUSH"), until: soon) }
            let replies = try client.pipeline(
                [Command("SET", "a", "b"), call, Command("GET", "a"), call],
                until: soon
            )
            let expected = Reply.array([.bytes([UInt8]("2".utf8)), .integer(2)])
            #expect(replies == [.status("OK"), expected, .bytes([UInt8]("b".utf8)), expected])
        }
    }

    @Test("throws the error of a script that fails or does not compile") func throwsError() throws {
        let failing = Script("return redis.error_reply('BUSY later')")
        #expect(throws: RedisError.server(RedisServerError(message: "BUSY later"))) {
            try client.evaluate(failing, keys: [], until: soon)
        }
        let broken = Script("return +")
        #expect {
            try client.evaluate(broken, keys: [], until: soon)
        } throws: { error in
            guard case RedisError.server(let refusal) = error else { return false }
            return refusal.message.contains("compiling script")
        }
    }
}
