import Testing

@testable import Observability

@Suite("Log time") struct LogTimeTests {
    @Test(
        "writes RFC 3339 in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_001, "2024-02-29T23:59:59.001Z"),
            (1_798_761_599_050, "2026-12-31T23:59:59.050Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)]
    )
    func form(milliseconds: Int64, written: String) {
        var bytes: [UInt8] = []
        LogTime(millisecondsSince1970: milliseconds).write(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == written)
    }
}
