import FastCGI
import Foundation
import OrderServiceTesting
import Testing
import Web

extension SocketTests {
    @Suite("Server under mutated input")
    struct SocketFuzzTests {
        private static let cases = 2_000

        @Test("neither crashes nor hangs, answers innocents rightly and loses no descriptor")
        func survives() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture(workers: 2) { $0.headTimeout = .seconds(2) }
                let innocent = try fixture.connect()
                let before = try Self.openDescriptors()
                for number in 0..<Self.cases {
                    var mutations = Mutations(seed: UInt64(1_000_000 + number))
                    try Self.send(mutations.bytes(), seed: number, to: fixture)
                    let target = "/innocent/\(number)"
                    let answer = try innocent.exchange(FastCGIRecords.request("GET", target))
                    #expect(answer?.text == target)
                    #expect(answer?.protocolStatus == 0)
                }
                #expect(fixture.eventually { $0.openConnections == 1 && $0.requestsInFlight == 0 })
                // Other tests of the process run at the same time and have descriptors, too; a
                // leak would show once per case.
                #expect(try Self.openDescriptors() < before + Self.cases / 4)
            }
        }

        private static func send(
            _ bytes: [UInt8],
            seed: Int,
            to fixture: ServerFixture
        ) throws {
            let peer = try fixture.connect()
            // The server may have closed already.
            try? peer.send(bytes)
            peer.endSending()
            while let record = try peer.nextRecord() {
                if ![3, 6, 10, 11].contains(record.type) {
                    Issue.record("seed \(seed): \(record)")
                }
            }
        }

        private static func openDescriptors() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        }
    }
}
