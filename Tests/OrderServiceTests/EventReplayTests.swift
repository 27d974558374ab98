import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Events, sent and sent again", .enabled(if: ServiceUnderTest.isAvailable))
struct EventReplayTests {
    @Test("replays what happened since then, in batches, and what is unsent only once")
    func replaysSince() async throws {
        try await ServiceUnderTest.run { service in
            try service.addEvents(orders: 1, each: 2)
            try service.drain()
            service.advance(by: .seconds(3_600))
            try service.execute(
                """
                UPDATE outbox SET created_at = \(service.now)
                WHERE JSON_VALUE(payload, '$.id') = 'evt_1'
                """
            )
            let archive = service.services.eventArchive
            func replay(_ seconds: Int64, isDryRun: Bool = false) throws -> [String?] {
                try archive.replay(
                    .since(.seconds(seconds)),
                    isDryRun: isDryRun,
                    batch: 1,
                    until: service.soon
                ).map(\.eventID)
            }
            #expect(try replay(60) == ["evt_1"])
            // It waits to be sent already.
            #expect(try replay(60, isDryRun: true).isEmpty)
            #expect(try replay(3_700) == ["evt_0"])
            try service.drain()
            #expect(try service.streamedIDs() == ["evt_0", "evt_1", "evt_0", "evt_1"])
            #expect(try replay(3_700, isDryRun: true) == ["evt_0", "evt_1"])
        }
    }

    @Test("keeps an event's id however often it is sent, and gives no two the same")
    func stableIDs() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let first = try service.streamedEvents()
            #expect(first.count == 4)
            let archive = service.services.eventArchive
            _ = try archive.replay(.order(order.id), isDryRun: false, until: service.soon)
            try service.drain()
            let all = try service.streamedEvents()
            #expect(Array(all.dropFirst(4)) == first)
            let ids = try service.streamedIDs()
            #expect(ids.count == 8 && Set(ids).count == 4)
            #expect(ids.allSatisfy { $0.wholeMatch(of: /evt_[A-Za-z0-9_-]{22}/) != nil })
        }
    }

    @Test("has no personal data and no secret in its events")
    func publicEvents() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            for event in try service.streamedEvents() {
                let text = String(decoding: event.serialized(), as: UTF8.self)
                for secret in ["ana@", "Ana", "Memorandumului", "secret", order.token] {
                    #expect(!text.contains(secret))
                }
                #expect(event["orderId"]?.integer == order.id)
            }
        }
    }

    @Test("finds the end of the stream, behind which only what comes later is read")
    func endOfStream() async throws {
        try await ServiceUnderTest.run { service in
            let stream = service.services.eventStream
            let start = try stream.lastID()
            #expect(start == "0")
            try service.addEvents(orders: 1, each: 2)
            try service.drain()
            let end = try stream.lastID()
            func count(after id: String) throws -> Int {
                try stream.read(after: id, limit: 9, waitingFor: .milliseconds(1)).count
            }
            #expect(try count(after: start) == 2 && count(after: end) == 0)
            try service.addEvents(orders: 1, each: 3)
            try service.drain()
            #expect(try count(after: end) == 3)
        }
    }
}
