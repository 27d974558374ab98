import OrderService
import Testing

@Suite("Crash points")
struct CrashPointTests {
    @Test("are named by a side, a commit, and how often it is passed")
    func targets() throws {
        let first = try #require(CrashPoint.Target("before:order.placed"))
        #expect(first.side == .before && first.point == .orderPlaced && first.time == 1)
        let third = try #require(CrashPoint.Target("after:task.sent:3"))
        #expect(third.side == .after && third.point == .taskSent && third.time == 3)
        for point in CrashPoint.allCases {
            #expect(CrashPoint.Target("after:\(point.rawValue)")?.point == point)
        }
    }

    @Test(
        "are nothing else",
        arguments: [
            "", "order.placed", "during:order.placed", "before:", "before:order.paid",
            "before:order.placed:0", "before:order.placed:x", "before:order.placed:1:2",
        ]
    )
    func strangers(text: String) {
        #expect(CrashPoint.Target(text) == nil)
    }

    @Test("there are none where nobody names one")
    func inert() {
        #expect(CrashPoint.misunderstood == nil)
    }
}
