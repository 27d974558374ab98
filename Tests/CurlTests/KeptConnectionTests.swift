import Curl
import Dispatch
import Resilience
import Testing

@Suite("Requests on kept connections", .serialized) struct KeptConnectionTests {
    private let client = HTTPClient(.test())
    private var soon: Deadline { .after(.seconds(20)) }

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
        #expect(client.perform(.post(peer.url(), key: "k"), until: soon).answer != nil)
        isClosed.wait()
        let second = client.perform(.post(peer.url(), key: "k"), until: soon)
        #expect(second.answer?.body == [UInt8]("two".utf8))
        #expect(peer.requests().count == 2)
    }

    @Test("is not executed if a kept connection is gone, and its peer too") func nobodyLeft() throws
    {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.answer("one")
        }
        #expect(client.perform(.post(peer.url(), key: "k"), until: soon).answer != nil)
        _ = peer.requests()
        let second = client.perform(.post(peer.url(), key: "k"), until: soon)
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
        #expect(client.perform(.post(peer.url(), key: "k1"), until: soon).answer != nil)
        let second = client.perform(.post(peer.url(), key: "k2"), until: soon)
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
        #expect(client.perform(.post(peer.url(), key: "k1"), until: soon).answer != nil)
        let second = client.perform(.post(peer.url(), key: "k2"), until: soon)
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
        #expect(client.perform(.post(peer.url(), key: nil), until: soon).answer != nil)
        let second = client.perform(.post(peer.url(), key: nil), until: soon)
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
            _ = client.perform(.get(try RawPeer(behaviour).url()), until: soon)
            let peer = try RawPeer { connection in
                connection.readRequest()
                connection.answer("fine")
            }
            #expect(client.perform(.get(peer.url()), until: soon).answer?.status == 200)
        }
    }
}
