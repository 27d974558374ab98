import Testing

@testable import Signing

@Suite("Sealing with AES-GCM") struct AESGCMTests {
    private static let key = [UInt8](0..<32)

    /// A test case of McGrew and Viega, «The Galois/Counter Mode of Operation», appendix B.
    struct Vector {
        var key: String
        var nonce: String
        var plaintext: String
        var context = ""
        var sealed: String
    }

    @Test(
        "seals and opens the published test cases 13 to 16",
        arguments: [
            Vector(
                key: String(repeating: "00", count: 32),
                nonce: String(repeating: "00", count: 12),
                plaintext: "",
                sealed: "530f8afbc74536b9a963b4f1c4cb738b"
            ),
            Vector(
                key: String(repeating: "00", count: 32),
                nonce: String(repeating: "00", count: 12),
                plaintext: String(repeating: "00", count: 16),
                sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
            ),
            Vector(
                key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                nonce: "cafebabefacedbaddecaf888",
                plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
                sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                    + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
                    + "b094dac5d93471bdec1a502270e3cc6c"
            ),
            Vector(
                key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                nonce: "cafebabefacedbaddecaf888",
                plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                context: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                    + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                    + "76fc6ece0f4e1768cddf8853bb2d551b"
            ),
        ]
    )
    func sealsPublishedCases(vector: Vector) throws {
        let cipher = try AESGCM(key: #require(Hex.decode(vector.key)))
        let nonce = try #require(Hex.decode(vector.nonce))
        let plaintext = try #require(Hex.decode(vector.plaintext))
        let context = try #require(Hex.decode(vector.context))
        let sealed = cipher.encrypt(plaintext, nonce: nonce, authenticating: context)
        #expect(Hex.encode(sealed) == vector.sealed)
        let opened = try cipher.decrypt(sealed, nonce: nonce, authenticating: context)
        #expect(opened == plaintext)
    }

    @Test("opens what it sealed, of any size", arguments: [0, 1, 16, 1_000, 1_048_576])
    func opensSealed(size: Int) throws {
        let cipher = try AESGCM(key: Self.key)
        let plaintext = SecureRandom.bytes(size)
        let box = cipher.seal(plaintext, authenticating: [1, 2])
        #expect(box.count == size + 29)
        #expect(box.first == 1)
        #expect(try cipher.open(box, authenticating: [1, 2]) == plaintext)
    }

    @Test("never seals twice alike") func sealsDifferently() throws {
        let cipher = try AESGCM(key: Self.key)
        #expect(cipher.seal([1, 2, 3]) != cipher.seal([1, 2, 3]))
    }

    @Test("refuses a box in which any byte was altered") func refusesAlteredBox() throws {
        let cipher = try AESGCM(key: Self.key)
        let box = cipher.seal([1, 2, 3], authenticating: [9])
        for position in box.indices.dropFirst() {
            var altered = box
            altered[position] ^= 0x80
            #expect(throws: SigningError.authenticationFailed) {
                try cipher.open(altered, authenticating: [9])
            }
        }
    }

    @Test("refuses another key and another context") func refusesOthers() throws {
        let box = try AESGCM(key: Self.key).seal([1, 2, 3], authenticating: [9])
        #expect(throws: SigningError.authenticationFailed) {
            try AESGCM(key: Self.key.reversed()).open(box, authenticating: [9])
        }
        #expect(throws: SigningError.authenticationFailed) {
            try AESGCM(key: Self.key).open(box, authenticating: [8])
        }
    }

    @Test("refuses what is no box") func refusesMalformed() throws {
        let cipher = try AESGCM(key: Self.key)
        #expect(throws: SigningError.malformedBox) { try cipher.open([]) }
        #expect(throws: SigningError.malformedBox) {
            try cipher.open([1] + [UInt8](repeating: 0, count: 27))
        }
        var future = cipher.seal([1])
        future[0] = 2
        #expect(throws: SigningError.malformedBox) { try cipher.open(future) }
    }

    @Test("takes keys of 32 bytes only", arguments: [0, 16, 31, 33])
    func refusesKeyLength(count: Int) {
        #expect(throws: SigningError.invalidKeyLength(count)) {
            try AESGCM(key: [UInt8](repeating: 0, count: count))
        }
    }
}
