import Glibc
import OrderServiceTesting
import Redis
import Resilience
import Testing

@Suite("Waiting for a late Redis", .serialized, .enabled(if: PrivateRedis.isAvailable))
struct RedisPatienceTests {
    private let server: PrivateRedis

    init() throws {
        server = try PrivateRedis()
    }

    /// Asks a server that stands still until the first try was in vain, and the caller has given its
    /// turn away for the next.
    private func askLate(
        _ commands: [Command]
    ) async throws -> (replies: [Reply], mayBeRepeated: Bool) {
        try await onOwnThread { [server] in
            let client = RedisClient(.test(server))
            _ = try client.send(Command("SET", "text", "a"), until: .after(.seconds(20)))
            let turns = Turns(count: 1, patience: .seconds(60), longestHold: .seconds(60))
            server.pause()
            let question = Companion {
                try turns.run(until: .after(.seconds(60))) {
                    let answer = try client.pipeline(
                        commands,
                        waiting: [.milliseconds(200), .seconds(20)],
                        until: .after(.seconds(60))
                    )
                    #expect(turns.usage.working == 1)
                    return answer
                }
            }
            while turns.usage.working == 0 { sched_yield() }
            while turns.usage.working == 1 { sched_yield() }
            server.resume()
            return try question.join()
        }
    }

    @Test("asks again while others have the caller's turn, and says so")
    func asksAgain() async throws {
        let (replies, mayBeRepeated) = try await askLate([Command("GET", "text")])
        #expect(replies == [.bytes(Array("a".utf8))] && mayBeRepeated)
    }

    @Test("keeps in mind that a try before one that is refused may have been carried out")
    func isRefusedLate() async throws {
        let (replies, mayBeRepeated) = try await askLate([
            Command("SET", "other", "b"), Command("LPUSH", "text", "b"),
        ])
        #expect(mayBeRepeated && replies.first == .status("OK"))
        guard case .error = replies.last else {
            Issue.record("\(replies)")
            return
        }
    }
}
