import Curl
import Resilience
import Testing

@Suite("Requests over TLS", .serialized, .enabled(if: TLSPeer.isAvailable)) struct TLSTests {
    private func perform(
        _ peer: TLSPeer,
        trusting authorityFile: String?
    ) -> Outcome<HTTPAnswer, HTTPClientError> {
        let client = HTTPClient(HTTPClientConfiguration(authorityFile: authorityFile))
        let request = HTTPRequest.get("https://127.0.0.1:\(peer.port)/")
        return withExtendedLifetime(peer) { client.perform(request, until: .after(.seconds(20))) }
    }

    @Test("trusts the authorities of the configured file") func trustsAuthority() throws {
        let peer = try TLSPeer(certifiedFor: "IP:127.0.0.1")
        #expect(perform(peer, trusting: peer.authorityFile).answer?.status == 200)
    }

    @Test("sends nothing to a peer whom no authority vouches for") func refusesStranger() throws {
        let peer = try TLSPeer(certifiedFor: "IP:127.0.0.1")
        #expect(perform(peer, trusting: nil).refusal?.word == "tls_failed")
    }

    @Test("sends nothing to a peer of another name") func refusesOtherName() throws {
        let peer = try TLSPeer(certifiedFor: "DNS:elsewhere.example")
        #expect(perform(peer, trusting: peer.authorityFile).refusal?.word == "tls_failed")
    }

    @Test("sends nothing if the configured file cannot be read") func refusesMissingFile() throws {
        let peer = try TLSPeer(certifiedFor: "IP:127.0.0.1")
        #expect(perform(peer, trusting: "/nonexistent.pem").refusal?.word == "tls_failed")
    }
}
