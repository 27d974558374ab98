import FastCGI
import OrderServiceTesting
import Testing
import Web

extension SocketTests {
    @Suite("Requests")
    struct RequestTests {
        /// Answers with the length and the sum of the body.
        private static let summing = ClosureApplication { request in
            let sum = request.body.reduce(0) { $0 &+ Int($1) }
            return .answer(Response(.ok, body: Array("\(request.body.count):\(sum)".utf8)))
        }

        private static let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }

        private static func request(
            announcing length: Int,
            _ body: [UInt8],
            pieceLength: Int = 32_768,
            padding: Int = 0
        ) -> [UInt8] {
            FastCGIRecords.begin()
                + FastCGIRecords.parameters([
                    (name: "REQUEST_METHOD", value: "POST"),
                    (name: "CONTENT_LENGTH", value: String(length)),
                ])
                + FastCGIRecords.stream(5, body, pieceLength: pieceLength, padding: padding)
        }

        @Test("reads a body of several records", arguments: [1_000, 8_184, 65_535])
        func readsBody(pieceLength: Int) async throws {
            try await onOwnThread {
                let fixture = try ServerFixture(Self.summing)
                let client = try fixture.connect()
                let request = Self.request(
                    announcing: 100_000,
                    Self.body,
                    pieceLength: pieceLength,
                    padding: 7
                )
                let sum = Self.body.reduce(0) { $0 + Int($1) }
                for _ in 0..<2 {
                    #expect(try client.exchange(request)?.text == "100000:\(sum)")
                }
            }
        }

        @Test("reads a body of exactly the limit")
        func readsLargestBody() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture(Self.summing)
                let body = [UInt8](repeating: 1, count: 1_048_576)
                let client = try fixture.connect()
                let answer = try client.exchange(Self.request(announcing: body.count, body))
                #expect(answer?.text == "1048576:1048576")
            }
        }

        @Test("reads a request that arrives byte by byte")
        func readsDribble() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture(Self.summing)
                let client = try fixture.connect()
                for byte in FastCGIRecords.request("POST", "/", body: [1, 2, 3]) {
                    try client.send([byte])
                }
                #expect(try client.nextAnswer()?.text == "3:6")
            }
        }

        @Test("is not confused by a body that nobody reads")
        func ignoresUnreadBody() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                let forged = FastCGIRecords.request("GET", "/forged")
                for target in ["/1", "/2", "/3"] {
                    let request = FastCGIRecords.request("POST", target, body: forged)
                    #expect(try client.exchange(request)?.text == target)
                }
            }
        }

        @Test(
            "closes without an answer if the body is not as long as announced",
            arguments: [2, 4]
        )
        func closesOnWrongLength(length: Int) async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                #expect(try client.exchange(Self.request(announcing: length, [1, 2, 3])) == nil)
                #expect(fixture.server.statistics.refusals == ["length_mismatch": 1])
                #expect(fixture.server.statistics.requests == 0)
            }
        }

        @Test("answers 413 to a body above the limit and closes")
        func refusesLargeBody() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                let body = [UInt8](repeating: 1, count: 1_048_577)
                let answer = try client.exchange(Self.request(announcing: body.count, body))
                #expect(answer?.status == 413)
                #expect(answer?.protocolStatus == 0)
                #expect(try client.isClosedByServer())
                #expect(fixture.server.statistics.refusals == ["body_too_large": 1])
            }
        }

        @Test("answers 431 to parameters above the limit and closes")
        func refusesLargeParameters() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                let cookie = (name: "HTTP_COOKIE", value: String(repeating: "c", count: 65_536))
                let answer = try client.exchange(FastCGIRecords.request(headers: [cookie]))
                #expect(answer?.status == 431)
                #expect(try client.isClosedByServer())
            }
        }

        @Test("answers 400 to a length that is no number and closes")
        func refusesMalformedLength() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let client = try fixture.connect()
                let answer = try client.exchange(
                    FastCGIRecords.begin()
                        + FastCGIRecords.parameters([(name: "CONTENT_LENGTH", value: "1e3")])
                )
                #expect(answer?.status == 400)
                #expect(try client.isClosedByServer())
            }
        }

        @Test("hands parameters on that are not UTF-8, as no text")
        func passesInvalidText() async throws {
            try await onOwnThread {
                let application = ClosureApplication { request in
                    let isText = request.text(.cookie) != nil
                    return .answer(
                        Response(
                            isText ? .ok : .badRequest,
                            body: Array(request.parameters[.cookie] ?? [])
                        )
                    )
                }
                let fixture = try ServerFixture(application)
                let name = Array("HTTP_COOKIE".utf8)
                let answer = try fixture.connect().exchange(
                    FastCGIRecords.begin()
                        + FastCGIRecords.stream(4, [11, 3] + name + [0xFF, 0xC0, 0x80])
                        + FastCGIRecords.record(5)
                )
                #expect(answer?.status == 400)
                #expect(answer?.body == [0xFF, 0xC0, 0x80])
            }
        }

        @Test("reads parameters whose lengths take four bytes")
        func readsLongParameters() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let target = "/" + String(repeating: "a", count: 40_000)
                let answer = try fixture.connect().exchange(FastCGIRecords.request("GET", target))
                #expect(answer?.text == target)
            }
        }

        @Test("closes without an answer on cut-off parameters")
        func closesOnCutOffParameters() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let block = FastCGIRecords.stream(4, [11, 200] + Array("REQUEST_URI/".utf8))
                let client = try fixture.connect()
                let answer = try client.exchange(FastCGIRecords.begin() + block)
                #expect(answer == nil)
                #expect(fixture.server.statistics.refusals == ["malformed_parameters": 1])
            }
        }
    }
}
