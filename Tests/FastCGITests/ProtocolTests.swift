import FastCGI
import OrderServiceTesting
import Testing
import Web

extension SocketTests {
    @Suite("Protocol")
    struct ProtocolTests {
        @Test("tells an unknown role that it is unknown and closes")
        func refusesRole() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                let request =
                    FastCGIRecords.begin(id: 5, role: 3) + FastCGIRecords.record(4, id: 5)
                    + FastCGIRecords.record(5, id: 5)
                let answer = try client.exchange(request)
                #expect(answer?.id == 5)
                #expect(answer?.protocolStatus == 3)
                #expect(try client.isClosedByServer())
            }
        }

        @Test("answers management records between requests and goes on")
        func answersManagement() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture { $0.maximumConnections = 12 }
                let client = try fixture.connect()
                let asked = Parameters.encoded([
                    (name: "FCGI_MAX_CONNS", value: ""), (name: "FCGI_MPXS_CONNS", value: ""),
                ])
                try client.send(FastCGIRecords.record(9, id: 0, asked))
                let values = try client.nextRecord()
                #expect(values?.type == 10)
                #expect(
                    values?.content
                        == Parameters.encoded([
                            (name: "FCGI_MAX_CONNS", value: "12"),
                            (name: "FCGI_MPXS_CONNS", value: "0"),
                        ])
                )
                try client.send(FastCGIRecords.record(77, id: 0, [1, 2, 3]))
                let unknown = try client.nextRecord()
                #expect(unknown?.type == 11)
                #expect(unknown?.content == [77, 0, 0, 0, 0, 0, 0, 0])
                #expect(try client.exchange(FastCGIRecords.request("GET", "/x"))?.text == "/x")
            }
        }

        @Test("ends an aborted request and takes the next on the same connection")
        func endsAbortedRequest() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                let beginning = Array(
                    FastCGIRecords.request("POST", "/", body: [1, 2]).dropLast(9)
                )
                try client.send(beginning)
                try client.send([2] + FastCGIRecords.abort())
                let answer = try client.nextAnswer()
                #expect(answer?.protocolStatus == 0)
                #expect(answer?.body == [])
                #expect(try client.exchange(FastCGIRecords.request("GET", "/x"))?.text == "/x")
                #expect(fixture.server.statistics.abortedRequests == 1)
                #expect(fixture.server.statistics.requests == 1)
            }
        }

        @Test("overlooks an abort that comes while the request is being answered")
        func overlooksLateAbort() async throws {
            try await onOwnThread {
                let gate = Turnstile()
                let application = ClosureApplication { request in
                    if request.path.count > 1 { gate.wait() }
                    return ClosureApplication.echo.start(request)
                }
                let fixture = try ServerFixture(application)
                let client = try fixture.connect()
                try client.send(FastCGIRecords.request("GET", "/slow") + FastCGIRecords.abort())
                gate.open()
                #expect(try client.nextAnswer()?.text == "/slow")
                #expect(try client.exchange(FastCGIRecords.request("GET", "/"))?.text == "/")
            }
        }

        @Test("refuses a second request at once on a connection")
        func refusesMultiplexing() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                let bytes = FastCGIRecords.begin(id: 1) + FastCGIRecords.begin(id: 2)
                let answer = try client.exchange(bytes)
                #expect(answer?.id == 2)
                #expect(answer?.protocolStatus == 1)
                #expect(try client.isClosedByServer())
            }
        }

        @Test("answers requests sent ahead, in their order")
        func answersPipeline() async throws {
            try await onOwnThread {
                let application = ClosureApplication { request in
                    guard request.path.last == UInt8(ascii: "2") else {
                        return ClosureApplication.echo.start(request)
                    }
                    return .handOver { reply in
                        onThread { reply(Response(.ok, body: Array(request.path))) }
                    }
                }
                let fixture = try ServerFixture(application)
                let client = try fixture.connect()
                let targets = ["/1", "/2", "/3", "/4"]
                try client.send(targets.flatMap { FastCGIRecords.request("GET", $0) })
                for target in targets { #expect(try client.nextAnswer()?.text == target) }
            }
        }

        @Test("closes a connection on bytes that are not FastCGI")
        func closesOnNonsense() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                #expect(try client.exchange(Array("GET / HTTP/1.1\r\n\r\n".utf8)) == nil)
                #expect(fixture.server.statistics.refusals == ["version": 1])
            }
        }
    }
}
