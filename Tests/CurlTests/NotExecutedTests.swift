import Curl
import Foundation
import Glibc
import Resilience
import Testing

@Suite("Requests that certainly were not executed", .serialized) struct NotExecutedTests {
    private let client = HTTPClient(.test())
    private var soon: Deadline { .after(.seconds(20)) }

    @Test(
        "does not send what is no proper request",
        arguments: [
            "127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://a b/",
            "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/é", "http://127.0.0.1:99999/",
        ]
    )
    func refusesURL(url: String) {
        #expect(client.perform(.get(url), until: soon).refusal?.word == "malformed_request")
    }

    @Test(
        "does not send a header that could end its line",
        arguments: [("X", "a\r\nY: b"), ("X", "a\0"), ("X: Y", "a"), ("", "a"), ("X\n", "a")]
    )
    func refusesHeader(name: String, value: String) {
        var request = HTTPRequest.get("http://127.0.0.1:1/")
        request.headers.append(name, value)
        #expect(client.perform(request, until: soon).refusal?.word == "malformed_request")
    }

    @Test("is not executed after the deadline") func refusesExpired() {
        let outcome = client.perform(.get("http://127.0.0.1:1/"), until: .after(.zero))
        #expect(outcome.refusal == .deadlineExceeded)
    }

    @Test("is not executed if the connection is refused") func refusedConnection() throws {
        let (listener, port) = try RawPeer.listen(backlog: 1)
        close(listener)
        let outcome = client.perform(.post("http://127.0.0.1:\(port)/", key: "k"), until: soon)
        #expect(outcome.refusal?.word == "connection_failed")
    }

    @Test("is not executed if the name does not resolve") func unresolved() {
        let outcome = client.perform(.get("http://no-such-name.invalid/"), until: soon)
        #expect(outcome.refusal?.word == "resolution_failed")
    }

    @Test("is not executed if connecting takes too long") func slowConnection() throws {
        // A queue of one that two others fill: Linux then drops whoever comes next.
        let (listener, port) = try RawPeer.listen(backlog: 0)
        defer { close(listener) }
        let fillers = (0..<3).map { _ in connectWithoutWaiting(to: port) }
        defer { for filler in fillers { close(filler) } }
        var request = HTTPRequest.post("http://127.0.0.1:\(port)/", key: "k")
        request.connectTimeout = .milliseconds(200)
        #expect(client.perform(request, until: soon).refusal == .timedOut)
    }

    @Test("is not executed if the peer does not speak TLS") func plainPeer() throws {
        let peer = try RawPeer { connection in
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.waitForEnd()
        }
        let outcome = client.perform(.post(peer.url(scheme: "https"), key: nil), until: soon)
        #expect(outcome.refusal?.word == "tls_failed")
    }

    @Test("is not executed if the TLS handshake takes too long") func silentHandshake() throws {
        let peer = try RawPeer { $0.waitForEnd() }
        let request = HTTPRequest.post(peer.url(scheme: "https"), key: nil)
        let outcome = client.perform(request, until: .after(.milliseconds(300)))
        #expect(outcome.refusal == .timedOut)
    }

    @Test("is not executed if the pool is exhausted") func exhaustedPool() throws {
        let isRead = DispatchSemaphore(value: 0)
        let mayAnswer = DispatchSemaphore(value: 0)
        let finished = DispatchSemaphore(value: 0)
        let peer = try RawPeer { connection in
            connection.readRequest()
            isRead.signal()
            mayAnswer.wait()
            connection.answer("late")
        }
        Thread { [client, request = HTTPRequest.get(peer.url()), soon] in
            _ = client.perform(request, until: soon)
            finished.signal()
        }.start()
        isRead.wait()
        #expect(client.perform(.get(peer.url()), until: soon).refusal == .poolExhausted)
        #expect(client.usage.exhaustions == 1)
        mayAnswer.signal()
        finished.wait()
        #expect(client.usage.lent == 0)
    }

    private func connectWithoutWaiting(to port: Int) -> CInt {
        let type = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, type, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }
}
