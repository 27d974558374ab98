import FastCGI
import OrderServiceTesting
import Testing
import Web

extension SocketTests {
    @Suite("Answers")
    struct AnswerTests {
        @Test("answers a request without a body and keeps the connection")
        func answersWithoutBody() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                for target in ["/first", "/second"] {
                    let answer = try client.exchange(FastCGIRecords.request("GET", target))
                    #expect(answer?.status == 200)
                    #expect(answer?.text == target)
                    #expect(answer?.field("Content-Length") == String(target.utf8.count))
                    #expect(answer?.protocolStatus == 0)
                }
            }
        }

        @Test("closes the connection after the answer if the web server does not keep it")
        func closesUnkeptConnection() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                let request = FastCGIRecords.request("GET", "/once", keepsConnection: false)
                #expect(try client.exchange(request)?.text == "/once")
                #expect(try client.isClosedByServer())
            }
        }

        @Test("sends the length but not the body for HEAD")
        func answersHead() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                let answer = try client.exchange(FastCGIRecords.request("HEAD", "/12345"))
                #expect(answer?.field("Content-Length") == "6")
                #expect(answer?.body == [])
                #expect(try client.exchange(FastCGIRecords.request("GET", "/6"))?.text == "/6")
            }
        }

        @Test("sends neither body nor length for statuses without body", arguments: [204, 304])
        func answersBodiless(status: Int) async throws {
            try await onOwnThread {
                let application = ClosureApplication { _ in
                    .answer(Response(Status(rawValue: status), body: [1, 2, 3]))
                }
                let fixture = try ServerFixture(application)
                let answer = try fixture.connect().exchange(FastCGIRecords.request())
                #expect(answer?.status == status)
                #expect(answer?.body == [])
                #expect(answer?.field("Content-Length") == nil)
            }
        }

        @Test("leaves out a header field that would end its line, and counts it")
        func dropsUnsafeField() async throws {
            try await onOwnThread {
                let application = ClosureApplication { _ in
                    .answer(
                        Response(.ok, readyLines: "X-Ready: yes\r\n")
                            .with("Location", "/a\r\nSet-Cookie: b")
                            .with("X-Safe", "a\tb")
                    )
                }
                let fixture = try ServerFixture(application)
                let answer = try fixture.connect().exchange(FastCGIRecords.request())
                #expect(
                    answer?.fields == [
                        "Status: 200 OK", "X-Ready: yes", "X-Safe: a\tb", "Content-Length: 0",
                    ]
                )
                #expect(fixture.eventually { $0.droppedFields == 1 })
            }
        }

        @Test("writes large answers whole", arguments: [8_000, 65_536, 65_537, 5_000_000])
        func writesLargeAnswers(size: Int) async throws {
            try await onOwnThread {
                let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                let application = ClosureApplication { _ in .answer(Response(.ok, body: body)) }
                let fixture = try ServerFixture(application)
                let client = try fixture.connect()
                for _ in 0..<2 {
                    let answer = try client.exchange(FastCGIRecords.request())
                    #expect(answer?.body == body)
                    #expect(answer?.protocolStatus == 0)
                }
            }
        }

        @Test("answers later, from another thread, and once only")
        func answersLater() async throws {
            try await onOwnThread {
                let application = ClosureApplication { request in
                    .handOver { reply in
                        onThread {
                            reply(Response(.ok, body: Array(request.path)))
                            reply(Response(.notFound))
                        }
                    }
                }
                let fixture = try ServerFixture(application)
                let client = try fixture.connect()
                for target in ["/1", "/2", "/3"] {
                    let answer = try client.exchange(FastCGIRecords.request("GET", target))
                    #expect(answer?.text == target)
                }
                #expect(fixture.server.statistics.requests == 3)
            }
        }

        @Test("answers 500 for a reply that was let go, and lives")
        func answersForgottenReply() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture(ClosureApplication { _ in .handOver { _ in } })
                let client = try fixture.connect()
                for count in 1...2 {
                    let headers = [(name: "HTTP_X_REQUEST_ID", value: "request-\(count)")]
                    let answer = try client.exchange(FastCGIRecords.request(headers: headers))
                    #expect(answer?.status == 500)
                    #expect(answer?.field("Content-Type") == "application/problem+json")
                    #expect(answer?.text.contains("\"requestId\":\"request-\(count)\"") == true)
                    #expect(fixture.server.statistics.forgottenReplies == count)
                }
            }
        }

        @Test("survives a web server that goes away before the answer")
        func survivesDeparture() async throws {
            try await onOwnThread {
                let gate = Turnstile()
                let application = ClosureApplication { _ in
                    gate.wait()
                    return .answer(Response(.ok, body: [UInt8](repeating: 0, count: 30_000)))
                }
                let fixture = try ServerFixture(application)
                do {
                    let client = try fixture.connect()
                    try client.send(FastCGIRecords.request())
                    #expect(fixture.eventually { $0.requestsInFlight == 1 })
                }
                gate.open()
                #expect(fixture.eventually { $0.failedAnswers == 1 && $0.openConnections == 0 })
                #expect(try fixture.connect().exchange(FastCGIRecords.request())?.status == 200)
            }
        }
    }
}
