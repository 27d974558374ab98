import MariaDB
import Signing
import Testing

@testable import OrderService

@Suite("Uses of guests' tokens that wait") struct GuestAccessBufferTests {
    private static let token = SHA256.digest("gt_1".utf8)
    private static let other = SHA256.digest("gt_2".utf8)
    private static let minute = Timestamp(seconds: 60_000)

    private func entry(_ order: Int64, at time: Timestamp = minute) -> GuestAccessEntry {
        GuestAccessEntry(
            orderID: order,
            event: .tokenUsed,
            tokenHash: Self.token,
            route: "GET /a",
            network: nil,
            at: time
        )
    }

    @Test("are the first of a token and route in a minute of the clock")
    func first() {
        var buffer = GuestAccessBuffer()
        let uses: [(Digest, String, Int)] = [
            (Self.token, "GET /a", 0), (Self.token, "GET /a", 59), (Self.token, "GET /b", 59),
            (Self.other, "GET /a", 59), (Self.token, "GET /a", 60), (Self.token, "GET /a", 61),
        ]
        let firsts = uses.map { token, route, second in
            buffer.isFirst(token, route, at: Self.minute + .seconds(second))
        }
        #expect(firsts == [true, false, true, true, true, false])
        #expect(buffer.dropped == 0)
    }

    @Test("are so many pairs of token and route in a minute at most")
    func pairs() {
        var buffer = GuestAccessBuffer()
        let firsts = (0...GuestAccessBuffer.pairLimit).count { number in
            buffer.isFirst(Self.token, "GET /\(number)", at: Self.minute)
        }
        #expect(firsts == GuestAccessBuffer.pairLimit && buffer.dropped == 1)
        let next = buffer.isFirst(Self.token, "GET /more", at: Self.minute + .seconds(60))
        #expect(next)
    }

    @Test("are taken oldest first, and those that were not written come back before the others")
    func takeAndPutBack() {
        var buffer = GuestAccessBuffer()
        for order in 1...5 { buffer.append(entry(Int64(order))) }
        let taken = buffer.take(limit: 3)
        #expect(taken.map(\.orderID) == [1, 2, 3])
        buffer.append(entry(6))
        buffer.putBack(taken)
        #expect(buffer.entries.map(\.orderID) == [1, 2, 3, 4, 5, 6])
        let rest = buffer.take(limit: 100)
        #expect(rest.count == 6 && buffer.entries.isEmpty)
    }

    @Test("go, the newest first, where there is no room for them")
    func room() {
        var buffer = GuestAccessBuffer()
        for order in 1...GuestAccessBuffer.entryLimit { buffer.append(entry(Int64(order))) }
        buffer.append(entry(0))
        #expect(buffer.dropped == 1)
        let taken = buffer.take(limit: 2)
        for _ in 0..<2 { buffer.append(entry(0)) }
        buffer.putBack(taken)
        #expect(buffer.dropped == 3 && buffer.entries.count == GuestAccessBuffer.entryLimit)
        #expect(buffer.entries.first?.orderID == 1)
        #expect(buffer.entries.allSatisfy { $0.orderID != 0 })
    }

    @Test("lie in the minute since 1970, also before that")
    func minutes() {
        #expect(Timestamp(seconds: 59).minute == 0 && Timestamp(seconds: 60).minute == 1)
        #expect(Timestamp(seconds: -1).minute == -1 && Timestamp(seconds: -60).minute == -1)
    }
}
