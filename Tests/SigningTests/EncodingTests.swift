import Signing
import Testing

@Suite("Hexadecimal, base64url and random values") struct EncodingTests {
    @Test("reads hexadecimal digits of either case") func readsHex() {
        #expect(Hex.decode("00fFa1") == [0x00, 0xFF, 0xA1])
        #expect(Hex.decode("") == [])
        #expect(Hex.encode([0x00, 0xFF, 0xA1]) == "00ffa1")
    }

    @Test("refuses text that is not hexadecimal", arguments: ["0", "0g", "0x12", " 00", "00é"])
    func refusesHex(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    // RFC 4648 section 10, without padding, and the two digits that differ.
    @Test(
        "writes and reads base64url",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"), ("~~?~~?", "fn4_fn4_"),
            (">>>>", "Pj4-Pg"),
        ]
    )
    func writesBase64URL(plain: String, encoded: String) {
        #expect(Base64URL.encode([UInt8](plain.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == [UInt8](plain.utf8))
    }

    @Test(
        "refuses text that is not canonical base64url",
        arguments: ["Zg==", "Zh", "Z", "Zm 9v", "fn4/", "Zm9v\n", "é"]
    )
    func refusesBase64URL(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("makes tokens of 256 bits behind their prefix") func makesTokens() throws {
        let token = SecureRandom.token(prefix: "gst_")
        #expect(token.hasPrefix("gst_"))
        #expect(token.utf8.count == 4 + 43)
        #expect(Base64URL.decode(String(token.dropFirst(4)))?.count == 32)
        #expect(Set((0..<100).map { _ in SecureRandom.token(prefix: "") }).count == 100)
    }

    @Test("gives as many random bytes as asked") func givesBytes() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(48).count == 48)
        #expect(SecureRandom.bytes(16) != SecureRandom.bytes(16))
    }

    @Test("draws every number below the bound and no other") func drawsUniformly() {
        let draws = (0..<1_000).map { _ in SecureRandom.uniform(below: 6) }
        #expect(Set(draws) == Set(0..<6))
        #expect(SecureRandom.uniform(below: 1) == 0)
    }
}
