import Commerce
import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

/// Whether the time of a look-up tells that there is such an order.
///
/// Hits and misses are mixed in a random order, so whatever else the machine does meanwhile hits
/// both alike; they are compared by ranks, and no time of day or of a machine is expected. With
/// 1,000 of each, chance alone moves the measure by 0.013, and beyond the threshold of 0.06 once in
/// 200,000 runs.
@Suite("The time of look-ups", .enabled(if: ServiceUnderTest.isAvailable))
struct GuestLookUpTimingTests {
    private static let threshold = 0.06
    private static let perKey = 50

    /// One thing that is looked up, always alike.
    private struct Target: Sendable {
        let number: String
        let email: String
        let isHit: Bool
    }

    private struct Times: Sendable {
        var hits: [Duration] = []
        var misses: [Duration] = []
    }

    /// SplitMix64, so that each run has the same order.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }

    /// Twenty orders, ten with somebody else's address, and ten numbers of no order.
    ///
    /// Each is looked up as often as the others, so the limits' logs are of one length.
    private func targets(_ service: ServiceUnderTest) throws -> [Target] {
        var random = Seeded(state: 5)
        return try (0..<40).map { index in
            let email = "guest\(index)@example.ro"
            guard index < 30 else {
                let number = OrderNumber(random: random.next()).description
                return Target(number: number, email: email, isHit: false)
            }
            let isHit = index < 20
            let checkout = try service.readyCheckout(email: isHit ? email : "x\(email)")
            let order = service.complete(checkout)
            let number = order["order", "orderNumber"].string ?? ""
            return Target(number: number, email: email, isHit: isHit)
        }
    }

    /// The times of look-ups in a random order.
    ///
    /// `extra` is what hits have to do beside, of which the time is taken with them.
    private func measure(
        _ service: ServiceUnderTest,
        _ targets: [Target],
        each count: Int,
        extra: () throws -> Void = {}
    ) throws -> Times {
        var random = Seeded(state: 2_000)
        var times = Times()
        let calls = targets.flatMap { [Target](repeating: $0, count: count) }
        for target in calls.shuffled(using: &random) {
            let start = ContinuousClock.now
            let answer = service.lookUp(target.number, target.email)
            if target.isHit { try extra() }
            let time = ContinuousClock.now - start
            #expect(answer.status == 202 && answer.json == ["status": "accepted"])
            if target.isHit { times.hits.append(time) } else { times.misses.append(time) }
        }
        return times
    }

    @Test("is the same for 1,000 hits and 1,000 misses, and half their spread more would show")
    func hitsAndMisses() async throws {
        try await ServiceUnderTest.run { service in
            let targets = try targets(service)
            _ = try measure(service, targets, each: 3)
            let times = try measure(service, targets, each: Self.perKey)
            #expect(times.hits.count == 1_000 && times.misses.count == 1_000)
            let real = RankComparison(times.hits, times.misses)
            #expect(abs(real.superiority - 0.5) <= Self.threshold, "\(real)")

            // The same times with a difference put into them.
            let sorted = times.misses.sorted()
            let delay = (sorted[750] - sorted[250]) / 2
            let slowHits = RankComparison(times.hits.map { $0 + delay }, times.misses)
            #expect(slowHits.superiority - 0.5 > Self.threshold, "\(slowHits) by \(delay)")
            let slowMisses = RankComparison(times.hits, times.misses.map { $0 + delay })
            #expect(slowMisses.superiority - 0.5 < -Self.threshold, "\(slowMisses) by \(delay)")

            // They were hits, and misses.
            try service.drain()
            #expect(try service.requestedLinks().count == 20 * (Self.perKey + 3))
        }
    }

    @Test("would tell if a hit wrote down at once that the mailer is wanted")
    func oneRowMore() async throws {
        try await ServiceUnderTest.run { service in
            let targets = try targets(service)
            let times = try measure(service, targets, each: 15) {
                // What a commit waits for the disk; the tests' server does not.
                Pause.block(.milliseconds(1))
                try service.execute(
                    """
                    INSERT INTO outbox (order_id, channel, topic, payload, created_at, next_attempt_at)
                    VALUES (1, 'event', 'guest.link.requested', '{}', \(service.now), NULL)
                    """
                )
            }
            let difference = RankComparison(times.hits, times.misses)
            #expect(difference.superiority - 0.5 > Self.threshold, "\(difference)")
        }
    }
}
