import Foundation
import Signing
import Testing

@Suite("Hashes and authentication codes") struct HashTests {
    // FIPS 180-4 examples (NIST CSRC) and the empty message.
    @Test(
        "hashes the examples of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
    )
    func hashesExamples(text: String, expected: String) {
        #expect(SHA256.digest([UInt8](text.utf8)).hex == expected)
        #expect(SHA256.digest(text.utf8).hex == expected)
        #expect(SHA256.digest([UInt8](text.utf8).span.bytes).hex == expected)
    }

    @Test("hashes a million letters") func hashesLongMessage() {
        let digest = SHA256.digest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        #expect(
            digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        )
    }

    @Test("gives each thread its own hashing state") func hashesOnManyThreads() throws {
        let expected = SHA256.digest("token".utf8)
        let finished = DispatchGroup()
        let wrong = Tally()
        for _ in 0..<8 {
            finished.enter()
            Thread {
                for _ in 0..<1_000 where SHA256.digest("token".utf8) != expected {
                    wrong.increment()
                }
                finished.leave()
            }.start()
        }
        finished.wait()
        #expect(wrong.value == 0)
    }

    @Test("keeps a digest's bytes, in order") func keepsBytes() throws {
        let digest = SHA256.digest("abc".utf8)
        #expect(Hex.encode(digest.bytes) == digest.hex)
        #expect(Digest(digest.bytes) == digest)
        #expect(Digest(digest.bytes.dropLast()) == nil)
        var key = [UInt8]("session:".utf8)
        digest.appendHex(to: &key)
        #expect(String(decoding: key, as: UTF8.self) == "session:" + digest.hex)
        #expect(Set([digest, digest, SHA256.digest("abd".utf8)]).count == 2)
    }

    // RFC 4231, test cases 1, 2, 3, 4, 6 and 7.
    @Test(
        "authenticates the test cases of RFC 4231",
        arguments: [
            (
                String(repeating: "0b", count: 20), "4869205468657265",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                String(repeating: "aa", count: 20), String(repeating: "dd", count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                "0102030405060708090a0b0c0d0e0f10111213141516171819",
                String(repeating: "cd", count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                String(repeating: "aa", count: 131),
                "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a"
                    + "65204b6579202d2048617368204b6579204669727374",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
    )
    func authenticatesTestCases(key: String, message: String, expected: String) throws {
        let code = HMACSHA256.authenticationCode(
            for: try #require(Hex.decode(message)),
            key: try #require(Hex.decode(key))
        )
        #expect(code.hex == expected)
    }

    @Test("authenticates an empty message under an empty key") func authenticatesNothing() {
        #expect(
            HMACSHA256.authenticationCode(for: [], key: []).hex
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        )
    }

    @Test("compares secrets by content and length") func comparesSecrets() {
        #expect(constantTimeEquals("secret".utf8, [UInt8]("secret".utf8)))
        #expect(!constantTimeEquals("secret".utf8, "secreT".utf8))
        #expect(!constantTimeEquals("secret".utf8, "secre".utf8))
        #expect(constantTimeEquals([UInt8](), [UInt8]()))
        #expect(constantTimeEquals(SHA256.digest("a".utf8), SHA256.digest("a".utf8)))
    }
}
