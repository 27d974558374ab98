import OrderServiceTesting
import Testing
import Web

@testable import FastCGI

@Suite("Request gate")
struct RequestGateTests {
    @Test("admits a whole request, in one piece or byte by byte", arguments: [1, 3, 8, 1_000])
    func admitsWholeRequest(pieceLength: Int) throws {
        let body = Array("a=1&b=2".utf8)
        let bytes = FastCGIRecords.request("POST", "/v1/orders", body: body, id: 0x1234)
        let verdicts = GateRun(bytes, pieceLength: pieceLength).verdicts
        let request = try #require(verdicts.first?.request)
        #expect(verdicts.count == 1)
        #expect(request.id == 0x1234)
        #expect(request.keepsConnection)
        #expect(request.body == body)
        #expect(request.parameters[.requestURI].map(Array.init) == Array("/v1/orders".utf8))
    }

    @Test("finds each of several requests in one read")
    func admitsPipelinedRequests() {
        let bytes = FastCGIRecords.request("GET", "/1") + FastCGIRecords.request("GET", "/2", id: 7)
        let run = GateRun(bytes)
        #expect(run.verdicts.compactMap(\.request?.id) == [1, 7])
        #expect(run.isIdle)
    }

    @Test("puts parameters and bodies of several padded records together")
    func joinsRecords() throws {
        let body = [UInt8](repeating: 7, count: 1_000)
        let block = Parameters.encoded([
            (name: "REQUEST_METHOD", value: "POST"), (name: "CONTENT_LENGTH", value: "1000"),
        ])
        let bytes =
            FastCGIRecords.begin() + FastCGIRecords.stream(4, block, pieceLength: 5, padding: 3)
            + FastCGIRecords.stream(5, body, pieceLength: 99, padding: 255)
        let request = try #require(GateRun(bytes).verdicts.first?.request)
        #expect(request.parameters.bytes == block)
        #expect(request.body == body)
    }

    @Test("reads lengths of four bytes")
    func readsLongLengths() throws {
        let long = String(repeating: "v", count: 300)
        let bytes =
            FastCGIRecords.begin() + FastCGIRecords.parameters([(name: "HTTP_COOKIE", value: long)])
            + FastCGIRecords.record(5)
        let request = try #require(GateRun(bytes).verdicts.first?.request)
        #expect(request.parameters[.cookie]?.count == 300)
    }

    @Test("waits as long as anything is missing")
    func waitsForTheRest() {
        let bytes = FastCGIRecords.request("POST", "/", body: [1, 2, 3])
        for count in 0..<bytes.count {
            #expect(GateRun(Array(bytes[..<count])).verdicts.isEmpty, "\(count) bytes")
        }
    }

    @Test("closes on what breaks the protocol", arguments: Violations.all)
    func closesOnViolation(_ sample: Violations) {
        #expect(GateRun(sample.bytes).verdicts.last?.violation == sample.violation)
    }

    @Test("refuses well-formed requests that are not served", arguments: Refusals.all)
    func refuses(_ sample: Refusals) {
        #expect(GateRun(sample.bytes).verdicts.last?.refusal == sample.refusal)
    }

    @Test("answers GET_VALUES for the variables that it knows")
    func answersGetValues() {
        let asked = Parameters.encoded([
            (name: "FCGI_MPXS_CONNS", value: ""), (name: "OTHER", value: ""),
            (name: "FCGI_MAX_CONNS", value: ""),
        ])
        let run = GateRun(FastCGIRecords.record(9, id: 0, asked) + FastCGIRecords.request())
        #expect(run.verdicts.first?.reply == .values([.maximumConnections, .multiplexes]))
        #expect(run.verdicts.last?.request != nil)
    }

    @Test("answers unknown management records", arguments: [0, 3, 4, 5, 8, 10, 11, 12, 255])
    func answersUnknownTypes(type: UInt8) {
        let content = [UInt8](repeating: 1, count: 20)
        let run = GateRun(
            FastCGIRecords.record(type, id: 0, content, padding: 4) + FastCGIRecords.request()
        )
        #expect(run.verdicts.first?.reply == .unknownType(RecordType(rawValue: type)))
        #expect(run.verdicts.last?.request?.body == [])
    }

    @Test("ends an aborted request and goes on")
    func endsAbortedRequest() {
        let beginning = FastCGIRecords.begin() + FastCGIRecords.record(4, [1, 0, 65])
        let run = GateRun(beginning + FastCGIRecords.abort() + FastCGIRecords.request(id: 2))
        #expect(run.verdicts.count == 2)
        #expect(run.verdicts.first?.isAborted == true)
        #expect(run.verdicts.last?.request?.id == 2)
    }

    @Test("overlooks an abort that crossed the answer")
    func overlooksLateAbort() {
        let run = GateRun(FastCGIRecords.abort() + FastCGIRecords.request(id: 2))
        #expect(run.verdicts.compactMap(\.request?.id) == [2])
    }
}

/// Input that breaks the protocol, and what is said of it.
struct Violations: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let violation: Violation

    private init(_ name: String, _ bytes: [UInt8], _ violation: Violation) {
        testDescription = name
        self.bytes = bytes
        self.violation = violation
    }

    private static let begin = FastCGIRecords.begin()
    private static let noParameters = FastCGIRecords.begin() + FastCGIRecords.record(4)

    static let all: [Violations] = [
        Violations("version", FastCGIRecords.record(1, version: 2), .version),
        Violations("begin without id", FastCGIRecords.begin(id: 0), .requestID),
        Violations("short begin", FastCGIRecords.record(1, [0, 1]), .malformedRecord),
        Violations(
            "long begin",
            FastCGIRecords.record(1, [0, 1] + .init(repeating: 0, count: 9)),
            .malformedRecord
        ),
        Violations("parameters first", FastCGIRecords.record(4, [1]), .unexpectedRecord),
        Violations("body first", FastCGIRecords.record(5, [1]), .unexpectedRecord),
        Violations("unknown type with an id", FastCGIRecords.record(12), .unexpectedRecord),
        Violations("second begin", begin + begin, .unexpectedRecord),
        Violations("body before parameters", begin + FastCGIRecords.record(5), .unexpectedRecord),
        Violations(
            "parameters of another id",
            begin + FastCGIRecords.record(4, id: 2),
            .unexpectedRecord
        ),
        Violations(
            "management within parameters",
            begin + FastCGIRecords.record(9, id: 0),
            .unexpectedRecord
        ),
        Violations(
            "management within the body",
            noParameters + FastCGIRecords.record(9, id: 0),
            .unexpectedRecord
        ),
        Violations(
            "parameters in the body",
            noParameters + FastCGIRecords.record(4),
            .unexpectedRecord
        ),
        Violations("data record", noParameters + FastCGIRecords.record(8, [1]), .unexpectedRecord),
        Violations("abort with content", begin + FastCGIRecords.record(2, [1]), .malformedRecord),
        Violations(
            "cut-off pair",
            begin + FastCGIRecords.stream(4, [5, 5, 65]),
            .malformedParameters
        ),
        Violations(
            "cut-off length",
            begin + FastCGIRecords.stream(4, [0x80, 0]),
            .malformedParameters
        ),
        Violations(
            "huge lengths",
            begin + FastCGIRecords.stream(4, [UInt8](repeating: 0xFF, count: 8)),
            .malformedParameters
        ),
        Violations(
            "unannounced body",
            noParameters + FastCGIRecords.record(5, [1]),
            .lengthMismatch
        ),
        Violations(
            "short body",
            announcing("3") + FastCGIRecords.stream(5, [1, 2]),
            .lengthMismatch
        ),
        Violations(
            "long body",
            announcing("3") + FastCGIRecords.stream(5, [1, 2, 3, 4]),
            .lengthMismatch
        ),
        Violations("cut-off names", FastCGIRecords.record(9, id: 0, [9, 9]), .malformedRecord),
        Violations(
            "too many names",
            FastCGIRecords.record(9, id: 0, .init(repeating: 0, count: 2_000)),
            .oversizedManagement
        ),
    ]

    static func announcing(_ length: String) -> [UInt8] {
        FastCGIRecords.begin()
            + FastCGIRecords.parameters([(name: "CONTENT_LENGTH", value: length)])
    }
}

/// Requests that are refused, and why.
struct Refusals: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let refusal: Refusal

    private init(_ name: String, _ bytes: [UInt8], _ refusal: Refusal) {
        testDescription = name
        self.bytes = bytes
        self.refusal = refusal
    }

    static let all: [Refusals] = [
        Refusals("authorizer", FastCGIRecords.begin(id: 9, role: 2), Refusal(.unknownRole, id: 9)),
        Refusals("role 257", FastCGIRecords.begin(role: 257), Refusal(.unknownRole, id: 1)),
        Refusals(
            "second request at once",
            FastCGIRecords.begin(id: 1) + FastCGIRecords.begin(id: 2),
            Refusal(.multiplexing, id: 2)
        ),
        Refusals(
            "too many parameters",
            FastCGIRecords.begin()
                + FastCGIRecords.stream(4, [UInt8](repeating: 0, count: 70_000)),
            Refusal(.parametersTooLarge, id: 1)
        ),
        Refusals("large body", Violations.announcing("1048577"), Refusal(.bodyTooLarge, id: 1)),
        Refusals("negative", Violations.announcing("-1"), Refusal(.malformedLength, id: 1)),
        Refusals("no number", Violations.announcing("12a"), Refusal(.malformedLength, id: 1)),
        Refusals(
            "overflow",
            Violations.announcing("99999999999999999999"),
            Refusal(.malformedLength, id: 1)
        ),
    ]
}
