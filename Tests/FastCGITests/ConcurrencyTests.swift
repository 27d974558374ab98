import Dispatch
import FastCGI
import OrderServiceTesting
import Testing
import Web

extension SocketTests {
    @Suite("Many connections")
    struct ConcurrencyTests {
        @Test("serves more kept connections than it has workers")
        func servesManyConnections() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture(workers: 2)
                let clients = try (0..<50).map { _ in try fixture.connect() }
                for round in 0..<5 {
                    for (index, client) in clients.enumerated() {
                        let target = "/\(round)/\(index)"
                        let answer = try client.exchange(FastCGIRecords.request("GET", target))
                        #expect(answer?.text == target)
                    }
                }
                #expect(fixture.server.statistics.openConnections == 50)
            }
        }

        @Test("is not held up by peers that fall silent within a request, and closes them")
        func outlivesSilentPeers() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture(workers: 1) {
                    $0.headTimeout = .milliseconds(400)
                    $0.receiveTimeout = .milliseconds(400)
                }
                let request = FastCGIRecords.request("POST", "/", body: [1, 2, 3])
                let silent = try [3, 12, 20, request.count - 1].map { count in
                    let client = try fixture.connect()
                    try client.send(Array(request[..<count]))
                    return client
                }
                let client = try fixture.connect()
                #expect(try client.exchange(FastCGIRecords.request("GET", "/x"))?.text == "/x")
                for peer in silent { #expect(try peer.isClosedByServer()) }
                #expect(fixture.server.statistics.refusals == ["timed_out": 4])
                #expect(try client.exchange(FastCGIRecords.request("GET", "/y"))?.text == "/y")
            }
        }

        @Test("is not held up by a peer that does not read its answers")
        func outlivesSlowReader() async throws {
            try await onOwnThread {
                let application = ClosureApplication { request in
                    let size = request.path.count > 2 ? 5_000_000 : 60_000
                    return .answer(Response(.ok, body: [UInt8](repeating: 1, count: size)))
                }
                let fixture = try ServerFixture(application, workers: 1) {
                    $0.sendTimeout = .milliseconds(500)
                }
                let large = try fixture.connect()
                try large.send(FastCGIRecords.request("GET", "/large"))
                let many = try fixture.connect()
                for _ in 0..<20 { try many.send(FastCGIRecords.request("GET", "/s")) }
                let client = try fixture.connect()
                for _ in 0..<20 {
                    let answer = try client.exchange(FastCGIRecords.request("GET", "/"))
                    #expect(answer?.body.count == 60_000)
                }
                // The other peer may also just be left waiting, until it reads.
                #expect(fixture.eventually { $0.failedAnswers >= 1 && $0.openConnections <= 2 })
                #expect(try large.nextAnswer()?.protocolStatus == nil)
            }
        }

        @Test(
            "is not held up by such a peer either where requests are handed over, or refused at once",
            arguments: [true, false]
        )
        func outlivesSlowReaderOfLater(isOnLane: Bool) async throws {
            try await onOwnThread {
                let body = [UInt8](repeating: 1, count: 30_000)
                let lane = DispatchQueue(label: "lane")
                let application = ClosureApplication { _ in
                    .handOver { reply in
                        guard isOnLane else { return reply(Response(.ok, body: body)) }
                        lane.async { @Sendable in reply(Response(.ok, body: body)) }
                    }
                }
                let fixture = try ServerFixture(application, workers: 1) {
                    $0.sendTimeout = .seconds(60)
                }
                let many = try fixture.connect()
                // More than is read at once: what is left there has the connection taken up again, though
                // there is no room for an answer.
                let target = "/" + String(repeating: "s", count: 4_000)
                let requests = (0..<20).flatMap { _ in FastCGIRecords.request("GET", target) }
                try many.send(requests)
                #expect(fixture.eventually { $0.requests >= 3 })
                let client = try fixture.connect()
                for _ in 0..<20 {
                    let answer = try client.exchange(FastCGIRecords.request("GET", "/"))
                    #expect(answer?.body.count == 30_000)
                }
                for _ in 0..<20 {
                    #expect(try many.nextAnswer()?.body.count == 30_000)
                }
            }
        }

        @Test("closes connections above the limit and accepts again below it")
        func limitsConnections() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture { $0.maximumConnections = 2 }
                do {
                    let kept = try [fixture.connect(), fixture.connect()]
                    for client in kept {
                        #expect(try client.exchange(FastCGIRecords.request())?.status == 200)
                    }
                    let excess = try fixture.connect()
                    #expect(try excess.isClosedByServer())
                    #expect(fixture.server.statistics.refusals == ["too_many_connections": 1])
                }
                #expect(fixture.eventually { $0.openConnections == 0 })
                #expect(try fixture.connect().exchange(FastCGIRecords.request())?.status == 200)
            }
        }

        @Test("gives each of many clients its own answers while others misbehave")
        func keepsAnswersApart() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture(workers: 4)
                let server = fixture.server
                runOnThreads(8) { number in
                    var mutations = Mutations(seed: UInt64(number))
                    guard let client = try? FastCGIClient(to: server.addresses[0]) else {
                        Issue.record("the server refuses connections")
                        return
                    }
                    for count in 0..<300 {
                        let target = "/\(number)/\(count)"
                        let answer = try? client.exchange(FastCGIRecords.request("GET", target))
                        if answer?.text != target { Issue.record("\(target): \(answer as Any)") }
                        if count % 10 == 0, let peer = try? FastCGIClient(to: server.addresses[0]) {
                            try? peer.send(mutations.bytes())
                        }
                    }
                }
                #expect(fixture.eventually { $0.openConnections == 0 })
            }
        }
    }
}
