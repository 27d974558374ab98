import Curl
import Resilience
import Testing

@Suite("Requests that may have been executed", .serialized) struct UnknownOutcomeTests {
    private let client = HTTPClient(.test())
    private var soon: Deadline { .after(.seconds(20)) }

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
            let outcome = client.perform(.post(peer.url(), key: "k"), until: soon)
            #expect(outcome.doubt?.word == "connection_lost", "break \(number)")
            #expect(peer.requests().count == 1)
        }
    }

    @Test("is unknown if the peer accepts and closes without reading") func closedAtOnce() throws {
        let peer = try RawPeer { _ in }
        let outcome = client.perform(.post(peer.url(), key: "k"), until: soon)
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
            let request = HTTPRequest.post(peer.url(), key: "k")
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
        let outcome = client.perform(.post(peer.url(), key: "k"), until: soon)
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
            let outcome = client.perform(.get(peer.url()), until: soon)
            #expect(outcome.doubt == .answerTooLarge(limit: 1_000))
        }
        let exact = try RawPeer { connection in
            connection.readRequest()
            connection.answer(String(repeating: "x", count: 1_000))
        }
        #expect(client.perform(.get(exact.url()), until: soon).answer?.body.count == 1_000)
    }

    @Test("is unknown if the answer's head has no end") func endlessHead() throws {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n")
            for _ in 0..<100 {
                connection.write("X: " + String(repeating: "x", count: 1_000) + "\r\n")
            }
        }
        let outcome = client.perform(.get(peer.url()), until: soon)
        #expect(outcome.doubt == .answerTooLarge(limit: 65_536))
    }
}
