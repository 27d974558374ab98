import FastCGI
import OrderServiceTesting
import Testing
import Web

@Suite("FastCGI server", .serialized)
struct ServerTests {
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
}
