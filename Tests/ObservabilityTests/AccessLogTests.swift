import Testing

@testable import Observability

@Suite("Access log") struct AccessLogTests {
    private let pipe = LogPipe()

    private func log(sampling: Int) -> AccessLog {
        AccessLog(
            sink: pipe.sink,
            slowLookUp: .milliseconds(100),
            sampling: sampling,
            now: { LogTime(millisecondsSince1970: 0) }
        )
    }

    @Test("logs writes, failures and slow look-ups always")
    func always() {
        let log = log(sampling: 0)
        #expect(log.shouldLog(isLookUp: false, status: 200, duration: .zero))
        #expect(log.shouldLog(isLookUp: true, status: 500, duration: .zero))
        #expect(log.shouldLog(isLookUp: true, status: 200, duration: .milliseconds(101)))
        #expect(!log.shouldLog(isLookUp: true, status: 200, duration: .milliseconds(100)))
        #expect(!log.shouldLog(isLookUp: true, status: 404, duration: .zero))
    }

    @Test("logs one ordinary look-up in so many", arguments: [(1, 100), (10, 10), (30, 4), (0, 0)])
    func sampling(sampling: Int, logged: Int) {
        let log = log(sampling: sampling)
        let count = (0..<100).count { _ in
            log.shouldLog(isLookUp: true, status: 200, duration: .zero)
        }
        #expect(count == logged)
    }

    @Test("writes a request with the calls made for it")
    func line() {
        log(sampling: 1).write(
            requestID: "4f\"\u{1}",
            method: "POST",
            route: "/v1/checkout/sessions/{id}/complete",
            status: 201,
            duration: .microseconds(1_234_056),
            upstreamCalls: [
                UpstreamCall(name: "product", duration: .milliseconds(12), outcome: "ok"),
                UpstreamCall(name: "stripe", duration: .microseconds(7), outcome: "timeout"),
            ]
        )
        #expect(
            pipe.flushed() == #"{"time":"1970-01-01T00:00:00.000Z","level":"info","#
                + #""message":"request","logger":"access","requestId":"4f\"\u0001","#
                + #""method":"POST","route":"/v1/checkout/sessions/{id}/complete","status":201,"#
                + #""durationMs":1234.056,"upstream":[{"name":"product","ms":12.000,"#
                + #""outcome":"ok"},{"name":"stripe","ms":0.007,"outcome":"timeout"}]}"# + "\n"
        )
    }

    @Test("warns of failures and leaves out calls that were not made")
    func failure() {
        log(sampling: 1).write(
            requestID: "r",
            method: "GET",
            route: "/",
            status: 503,
            duration: .zero
        )
        let line = pipe.flushed()
        #expect(line.contains(#""level":"warning""#))
        #expect(line.hasSuffix(#""status":503,"durationMs":0.000}"# + "\n"))
    }
}
