import Testing

@testable import FastCGI

@Suite("Listen addresses")
struct ListenAddressTests {
    @Test(
        "reads addresses",
        arguments: ["unix:/run/orderd.sock", "127.0.0.1:9000", "[::1]:9000", "localhost:80"]
    )
    func reads(_ text: String) {
        #expect(ListenAddress(text)?.description == text)
    }

    @Test(
        "rejects what is no address",
        arguments: [
            "", "unix:", "unix:relative", "127.0.0.1", ":9000", "::1:9000", "[]:1", "host:65536",
            "host:-1", "host:", "[127.0.0.1]:1", "unix:/" + String(repeating: "a", count: 107),
        ]
    )
    func rejects(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(
        "rejects what is no range",
        arguments: ["", "1.2.3", "1.2.3.4/33", "::/129", "::/", "a/8"]
    )
    func rejectsRange(_ text: String) {
        #expect(AddressRange(text) == nil)
    }
}
