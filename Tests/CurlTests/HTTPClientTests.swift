import Curl
import Foundation
import Resilience
import Testing

@Suite("HTTP client against a well-behaved peer", .serialized) struct HTTPClientTests {
    private let client = HTTPClient(.test())
    private var soon: Deadline { .after(.seconds(20)) }

    @Test("sends method, headers and body, and reads the whole answer") func exchanges() throws {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.write(
                "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-Id:  a b \r\nx-id: c\r\n\r\nhe\0lo"
            )
        }
        let request = HTTPRequest(
            method: .post,
            url: peer.url("/orders?x=%20"),
            headers: ["Authorization": "Bearer t", "Idempotency-Key": "k1", "X-Empty": ""],
            body: [UInt8]("a=1&b=2".utf8)
        )
        let answer = try #require(client.perform(request, until: soon).answer)
        #expect(answer.status == 201)
        #expect(answer.body == [UInt8]("he\0lo".utf8))
        #expect(answer.headers["X-ID"] == "a b")
        #expect(answer.headers.values(of: "x-id") == ["a b", "c"])
        #expect(answer.duration > .zero)

        let sent = try #require(peer.requests().first)
        #expect(sent.hasPrefix("POST /orders?x=%20 HTTP/1.1\r\n"))
        #expect(sent.contains("\r\nAuthorization: Bearer t\r\n"))
        #expect(sent.contains("\r\nX-Empty:\r\n"))
        #expect(sent.contains("\r\nUser-Agent: order-service-tests\r\n"))
        #expect(sent.contains("\r\nContent-Length: 7\r\n"))
        #expect(!sent.contains("Content-Type"))
        #expect(!sent.contains("Expect"))
        #expect(sent.hasSuffix("\r\n\r\na=1&b=2"))
    }

    @Test(
        "sends each method with a body only where it has one",
        arguments: [
            (HTTPRequest.Method.get, "", nil), (.head, "", nil), (.delete, "", nil),
            (.delete, "x", "1"), (.post, "", "0"), (.put, "", "0"), (.patch, "xy", "2"),
        ] as [(HTTPRequest.Method, String, String?)]
    )
    func sendsMethods(method: HTTPRequest.Method, body: String, length: String?) throws {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        }
        let request = HTTPRequest(method: method, url: peer.url(), body: [UInt8](body.utf8))
        let answer = try #require(client.perform(request, until: soon).answer)
        #expect(answer.status == 204)
        #expect(answer.body.isEmpty)
        let sent = try #require(peer.requests().first)
        #expect(sent.hasPrefix(method.rawValue + " / "))
        #expect(sent.hasSuffix("\r\n\r\n" + body))
        if let length {
            #expect(sent.contains("Content-Length: \(length)\r\n"))
        } else {
            #expect(!sent.contains("Content-Length"))
        }
    }

    @Test("sends a large body without waiting to be asked for it") func sendsLargeBody() throws {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.answer("")
        }
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 2_097_152)
        let request = HTTPRequest(method: .post, url: peer.url(), body: body)
        #expect(client.perform(request, until: soon).answer?.status == 200)
        let sent = try #require(peer.requests().first)
        #expect(!sent.contains("Expect:"))
        #expect(sent.utf8.count > body.count)
    }

    @Test("keeps one connection for several requests") func keepsConnection() throws {
        let peer = try RawPeer { connection in
            for word in ["one", "two", "three"] {
                connection.readRequest()
                connection.answer(word)
            }
        }
        let bodies = (0..<3).map { _ in
            client.perform(HTTPRequest(method: .get, url: peer.url()), until: soon).answer?.body
        }
        #expect(bodies == ["one", "two", "three"].map { [UInt8]($0.utf8) })
        #expect(peer.requests().count == 3)
    }

    @Test("reads chunks, skips interim heads and leaves trailers out") func readsChunks() throws {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 103 Early Hints\r\nX-Hint: a\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.write("3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: b\r\n\r\n")
        }
        let request = HTTPRequest(method: .get, url: peer.url())
        let answer = try #require(client.perform(request, until: soon).answer)
        #expect(answer.body == [UInt8]("abcde".utf8))
        #expect(answer.headers.fields.map(\.name) == ["Transfer-Encoding"])
    }

    @Test("answers a redirect and an error status as they are", arguments: [302, 402, 429, 500])
    func keepsStatus(status: Int) throws {
        let peer = try RawPeer { connection in
            connection.readRequest()
            connection.write(
                "HTTP/1.1 \(status) X\r\nLocation: /other\r\nContent-Length: 1\r\n\r\nx"
            )
        }
        let request = HTTPRequest(method: .get, url: peer.url())
        #expect(client.perform(request, until: soon).answer?.status == status)
        #expect(peer.requests().count == 1)
    }
}
