import OrderServiceTesting
import Resilience
import Testing

@testable import Redis

@Suite("A reply too many", .enabled(if: PrivateRedis.isAvailable)) struct SurplusReplyTests {
    @Test("ends the connection instead of being taken for the next request's")
    func isRefused() async throws {
        try await onOwnThread {
            let server = try PrivateRedis()
            let soon = Deadline.after(.seconds(20))
            var connection = try RedisConnection.open(.test(server), until: soon)
            let ping = Command("PING").request
            #expect(try connection.roundTrip([ping, ping], until: soon).count == 2)
            // Redis answers both at once.
            do throws(RedisError) {
                _ = try connection.roundTrip([ping + ping], until: soon)
                Issue.record("nobody has noticed")
            } catch {
                #expect(error == .protocolViolation("more replies than requests"))
            }
        }
    }
}
