import Signing
import Testing

@testable import OrderService

@Suite("Digests of what guests type") struct GuestDigestsTests {
    private static let key = [UInt8](repeating: 7, count: 32)
    private static let digests = GuestDigests(key: key)

    @Test("are the same for every spelling of an address, and for no other address")
    func spellings() {
        let digest = Self.digests.digest(email: "ana@example.ro")
        for spelling in ["ana@example.ro", " ANA@example.RO\t", "Ana@Example.Ro"] {
            #expect(Self.digests.digest(email: spelling) == digest)
            #expect(Self.digests.matches(digest, email: spelling))
        }
        for other in ["ana@example.ru", "ana@example.ro.", "", "an a@example.ro"] {
            #expect(Self.digests.digest(email: other) != digest)
            #expect(!Self.digests.matches(digest, email: other))
        }
    }

    @Test("differ by kind and by key, and are not those of the plain text")
    func separation() {
        let text = "x"
        let all = [
            Self.digests.digest(text, as: .email), Self.digests.digest(text, as: .orderNumber),
            Self.digests.digest(text, as: .network),
            GuestDigests(key: [UInt8](repeating: 8, count: 32)).digest(text, as: .email),
            SHA256.digest(text.utf8),
            HMACSHA256.authenticationCode(for: Array("email:x".utf8), key: Self.key),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test("hold under the key before the current one, not under others")
    func keys() {
        let new = [UInt8](repeating: 9, count: 32)
        let old = Self.digests.digest(email: "ana@example.ro")
        #expect(GuestDigests(key: new, previousKey: Self.key).matches(old, email: "ana@example.ro"))
        #expect(!GuestDigests(key: new).matches(old, email: "ana@example.ro"))
        let fresh = GuestDigests(key: new, previousKey: Self.key).digest(email: "ana@example.ro")
        #expect(fresh == GuestDigests(key: new).digest(email: "ana@example.ro"))
    }

    @Test("name a token by an id of which nobody gets back to it")
    func tokenIDs() {
        let hash = SHA256.digest("gt_secret".utf8)
        let id = GuestTokenID(ofHash: hash).description
        #expect(id.hasPrefix("gtk_") && id.count == 36)
        #expect(!hash.hex.contains(id.dropFirst(4)))
        #expect(GuestTokenID(ofHash: SHA256.digest("gt_other".utf8)).description != id)
    }
}
