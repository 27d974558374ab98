import Curl
import Foundation
import Glibc
import Resilience
import Testing

@Suite("What is certain after a failed request", .serialized) struct HTTPOutcomeTests {
    private let client = HTTPClient(.test())
    private var soon: Deadline { .after(.seconds(20)) }

    private func get(_ url: String) -> HTTPRequest {
        HTTPRequest(method: .get, url: url, connectTimeout: .seconds(10))
    }

    private func post(_ url: String, key: String?) -> HTTPRequest {
        var request = HTTPRequest(
            method: .post,
            url: url,
            body: [UInt8]("amount=1".utf8),
            connectTimeout: .seconds(10)
        )
        request.headers["Idempotency-Key"] = key
        return request
    }

    // MARK: Not executed

    @Test(
        "does not send what is no proper request",
        arguments: [
            "127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://a b/",
            "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/é", "http://127.0.0.1:99999/",
        ]
    )
    func refusesURL(url: String) {
        #expect(client.perform(get(url), until: soon).refusal?.word == "malformed_request")
    }

    @Test(
        "does not send a header that could end its line",
        arguments: [("X", "a\r\nY: b"), ("X", "a\0"), ("X: Y", "a"), ("", "a"), ("X\n", "a")]
    )
    func refusesHeader(name: String, value: String) {
        var request = get("http://127.0.0.1:1/")
        request.headers.append(name, value)
        #expect(client.perform(request, until: soon).refusal?.word == "malformed_request")
    }

    @Test("is not executed after the deadline") func refusesExpired() {
        let outcome = client.perform(get("http://127.0.0.1:1/"), until: .after(.zero))
        #expect(outcome.refusal == .deadlineExceeded)
    }

    @Test("is not executed if the connection is refused") func refusedConnection() throws {
        let (listener, port) = try RawPeer.listen(backlog: 1)
        close(listener)
        let outcome = client.perform(post("http://127.0.0.1:\(port)/", key: "k"), until: soon)
        #expect(outcome.refusal?.word == "connection_failed")
    }

    @Test("is not executed if the name does not resolve") func unresolved() {
        let outcome = client.perform(get("http://no-such-name.invalid/"), until: soon)
        #expect(outcome.refusal?.word == "resolution_failed")
    }

    @Test("is not executed if connecting takes too long") func slowConnection() throws {
        // A queue of one that two others fill: Linux then drops whoever comes next.
        let (listener, port) = try RawPeer.listen(backlog: 0)
        defer { close(listener) }
        let fillers = (0..<3).map { _ in connectWithoutWaiting(to: port) }
        defer { for filler in fillers { close(filler) } }
        var request = post("http://127.0.0.1:\(port)/", key: "k")
        request.connectTimeout = .milliseconds(200)
        #expect(client.perform(request, until: soon).refusal == .timedOut)
    }

    @Test("is not executed if the peer does not speak TLS") func plainPeer() throws {
        let peer = try RawPeer { connection in
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.waitForEnd()
        }
        let outcome = client.perform(post(peer.url(scheme: "https"), key: nil), until: soon)
        #expect(outcome.refusal?.word == "tls_failed")
    }

    @Test("is not executed if the TLS handshake takes too long") func silentHandshake() throws {
        let peer = try RawPeer { $0.waitForEnd() }
        let request = post(peer.url(scheme: "https"), key: nil)
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
        Thread { [client, request = get(peer.url()), soon] in
            _ = client.perform(request, until: soon)
            finished.signal()
        }.start()
        isRead.wait()
        #expect(client.perform(get(peer.url()), until: soon).refusal == .poolExhausted)
        #expect(client.usage.exhaustions == 1)
        mayAnswer.signal()
        finished.wait()
        #expect(client.usage.lent == 0)
    }

    // MARK: Unknown

    @Test("is unknown if the peer closes after the head, or half-way through its answer")
    func lostAnswer() throws {
        let breaks: [RawPeer.Behaviour] = [
            { $0.readHead() },
            { $0.readRequest() },
            {
                $0.readRequest()
                $0.reset()
            },
            {
                $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Le")
            },
            {
                $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
            },
            {
                $0.readRequest()
                $0.write("HTTP/1.1 103 Early Hints\r\n\r\n")
            },
            {
                $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            },
            {
                $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
            },
        ]
        for (number, behaviour) in breaks.enumerated() {
            let peer = try RawPeer(behaviour)
            let outcome = client.perform(post(peer.url(), key: "k"), until: soon)
            #expect(outcome.doubt?.word == "connection_lost", "break \(number)")
            #expect(peer.requests().count == 1)
        }
    }

    @Test("is unknown if the peer accepts and closes without reading") func closedAtOnce() throws {
        let peer = try RawPeer { _ in }
        let outcome = client.perform(post(peer.url(), key: "k"), until: soon)
        // Whether the request still went out depends on who was faster.
        #expect((outcome.doubt ?? outcome.refusal)?.word == "connection_lost")
    }

    @Test("is unknown if the answer does not come, or not whole, in time") func silence() throws {
        for beginning in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"] {
            let peer = try RawPeer { connection in
                connection.readRequest()
                connection.write(beginning)
                connection.waitForEnd()
            }
            let request = post(peer.url(), key: "k")
            let outcome = client.perform(request, until: .after(.milliseconds(500)))
            #expect(outcome.doubt == .timedOut)
            #expect(peer.requests().count == 1)
        }
    }

    @Test(
        "is unknown if the answer is not HTTP",
        arguments: ["garbage\r\n\r\n", "\0\u{1}\u{2}\u{3}\r\n", "SSH-2.0-OpenSSH_9.2\r\n"]
    )
    func garbage(text: String) throws {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.write(text)
        }
        let outcome = client.perform(post(peer.url(), key: "k"), until: soon)
        #expect(outcome.doubt?.word == "malformed_answer")
    }

    @Test("is unknown if the answer is too large, announced or not") func oversized() throws {
        let client = HTTPClient(.test(maximumAnswerSize: 1_000))
        for head in ["Content-Length: 1001\r\n", ""] {
            let peer = try RawPeer { connection in
                connection.readRequest()
                connection.write("HTTP/1.1 200 OK\r\n\(head)\r\n")
                connection.write(String(repeating: "x", count: 1_001))
            }
            let outcome = client.perform(get(peer.url()), until: soon)
            #expect(outcome.doubt == .answerTooLarge(limit: 1_000))
        }
        let exact = try RawPeer { connection in
            connection.readRequest()
            connection.answer(String(repeating: "x", count: 1_000))
        }
        #expect(client.perform(get(exact.url()), until: soon).answer?.body.count == 1_000)
    }

    @Test("is unknown if the answer's head has no end") func endlessHead() throws {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n")
            for _ in 0..<100 {
                connection.write("X: " + String(repeating: "x", count: 1_000) + "\r\n")
            }
        }
        let outcome = client.perform(get(peer.url()), until: soon)
        #expect(outcome.doubt == .answerTooLarge(limit: 65_536))
    }

    // MARK: Kept connections

    @Test("replaces a kept connection that the peer closed") func replacesClosed() throws {
        let isClosed = DispatchSemaphore(value: 0)
        let peer = try RawPeer(
            { connection in
                connection.readRequest()
                connection.answer("one")
                connection.end()
                isClosed.signal()
            },
            { connection in
                connection.readRequest()
                connection.answer("two")
            }
        )
        #expect(client.perform(post(peer.url(), key: "k"), until: soon).answer != nil)
        isClosed.wait()
        let second = client.perform(post(peer.url(), key: "k"), until: soon)
        #expect(second.answer?.body == [UInt8]("two".utf8))
        #expect(peer.requests().count == 2)
    }

    @Test("is not executed if a kept connection is gone, and its peer too") func nobodyLeft() throws
    {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.answer("one")
        }
        #expect(client.perform(post(peer.url(), key: "k"), until: soon).answer != nil)
        _ = peer.requests()
        let second = client.perform(post(peer.url(), key: "k"), until: soon)
        #expect(second.refusal?.word == "connection_failed")
    }

    @Test("lets libcurl repeat a request that has an idempotency key") func repeatsKeyed() throws {
        let peer = try RawPeer(
            { connection in
                connection.readRequest()
                connection.answer("one")
                connection.readRequest()
            },
            { connection in
                connection.readRequest()
                connection.answer("two")
            }
        )
        #expect(client.perform(post(peer.url(), key: "k1"), until: soon).answer != nil)
        let second = client.perform(post(peer.url(), key: "k2"), until: soon)
        #expect(second.answer?.body == [UInt8]("two".utf8))
        let requests = peer.requests()
        #expect(requests.count == 3)
        #expect(requests.dropFirst().allSatisfy { $0.contains("Idempotency-Key: k2\r\n") })
        #expect(requests.allSatisfy { $0.hasSuffix("amount=1") })
    }

    @Test("is unknown if the repeated request is refused: the first was sent")
    func repeatedAndRefused() throws {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.answer("one")
            connection.readRequest()
        }
        #expect(client.perform(post(peer.url(), key: "k1"), until: soon).answer != nil)
        let second = client.perform(post(peer.url(), key: "k2"), until: soon)
        #expect(second.doubt?.word == "connection_failed")
        #expect(peer.requests().count == 2)
    }

    @Test("never sends a request without a key twice, nor on a kept connection")
    func neverRepeatsUnkeyed() throws {
        let peer = try RawPeer(
            { connection in
                connection.readRequest()
                connection.answer("one")
            },
            { $0.readRequest() }
        )
        #expect(client.perform(post(peer.url(), key: nil), until: soon).answer != nil)
        let second = client.perform(post(peer.url(), key: nil), until: soon)
        #expect(second.doubt?.word == "connection_lost")
        #expect(peer.requests().count == 2)
    }

    @Test("works on after each kind of failure, with one handle") func recovers() throws {
        let behaviours: [RawPeer.Behaviour] = [
            { _ in }, { $0.readRequest() },
            {
                $0.readRequest()
                $0.write("garbage\r\n")
            },
        ]
        for behaviour in behaviours {
            _ = client.perform(get(try RawPeer(behaviour).url()), until: soon)
            let peer = try RawPeer { connection in
                connection.readRequest()
                connection.answer("fine")
            }
            #expect(client.perform(get(peer.url()), until: soon).answer?.status == 200)
        }
    }

    private func connectWithoutWaiting(to port: Int) -> CInt {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
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
