import Logging
import Testing

@testable import Observability

@Suite("JSON log handler") struct JSONLogHandlerTests {
    private let pipe = LogPipe()
    private let noon = LogTime(millisecondsSince1970: 1_772_366_400_250)

    private func logger(_ level: Logger.Level = .info) -> Logger {
        Logger(label: "orders") { [pipe, noon] label in
            JSONLogHandler(label: label, level: level, sink: pipe.sink, now: { noon })
        }
    }

    private func line(
        _ message: Logger.Message = "m",
        _ metadata: Logger.Metadata = [:]
    ) -> String {
        logger().info(message, metadata: metadata)
        return pipe.flushed()
    }

    @Test("writes one line of time, level, message, logger and metadata")
    func form() {
        var logger = logger()
        logger[metadataKey: "worker"] = "3"
        logger.notice(
            "Order placed",
            metadata: ["orderId": "17", "a": ["c": "2", "b": ["x", "y"]]]
        )
        #expect(
            pipe.flushed() == #"{"time":"2026-03-01T12:00:00.250Z","level":"notice","#
                + #""message":"Order placed","logger":"orders","a.b.0":"x","a.b.1":"y","#
                + #""a.c":"2","orderId":"17","worker":"3"}"# + "\n"
        )
    }

    @Test("keeps metadata apart from the line's own fields")
    func fixedNames() {
        #expect(line("m", ["level": "9"]).hasSuffix(#""logger":"orders","level_":"9"}"# + "\n"))
    }

    @Test(
        "escapes what JSON does not allow in strings",
        arguments: [
            ("a\"b", #"a\"b"#), ("a\\b", #"a\\b"#), ("a\nb\r\tc", #"a\nb\r\tc"#),
            ("\u{0}\u{1F}\u{7F}", #"\u0000\u001f\u007f"#), ("șțâ 🧾", "șțâ 🧾"),
        ]
    )
    func escaping(text: String, written: String) {
        let line = line("\(text)", ["value": "\(text)"])
        #expect(line.contains("\"message\":\"\(written)\""))
        #expect(line.contains("\"value\":\"\(written)\""))
    }

    @Test("repairs bytes that are not UTF-8")
    func invalidUTF8() {
        let text = String(decoding: [0x61, 0xFF, 0xC3, 0x62] as [UInt8], as: UTF8.self)
        #expect(line("\(text)").contains("\"message\":\"a\u{FFFD}\u{FFFD}b\""))
    }

    @Test("cuts long values between characters")
    func limits() {
        let line = line("m", ["value": "\(String(repeating: "ț", count: 513))"])
        #expect(line.contains("\"" + String(repeating: "ț", count: 512) + "…\""))
        let uneven = self.line("m", ["value": "a\(String(repeating: "ț", count: 600))"])
        #expect(uneven.contains("\"a" + String(repeating: "ț", count: 511) + "…\""))
    }

    @Test(
        "redacts values by their names",
        arguments: [
            "authorization", "Authorization", "cookie", "set-cookie", "token", "guestToken",
            "client_secret", "clientSecret", "email", "customer.email", "phoneNumber", "name",
            "first_name", "buyerName", "billing-name", "address", "remoteAddress", "password",
            "REDIS_PASSWORD", "X-CSRF-Token", "iban",
        ]
    )
    func redaction(name: String) {
        let line = line("m", ["\(name)": ["inner": "Ana"]])
        #expect(line.contains("\"\(name)\":\"[redacted]\""))
        #expect(!line.contains("Ana"))
    }

    @Test("redacts within other metadata", arguments: ["email", "token"])
    func nestedRedaction(name: String) {
        let line = line("m", ["customer": .array([.dictionary([name: "x@y.ro", "id": "7"])])])
        #expect(line.contains(#""customer.0.id":"7""#))
        #expect(line.contains("\"customer.0.\(name)\":\"[redacted]\""))
    }

    @Test(
        "leaves other names alone",
        arguments: [
            "breakerName", "hostname", "lane", "orderId", "pangram", "tokenized", "cityscape",
        ]
    )
    func harmlessNames(name: String) {
        #expect(line("m", ["\(name)": "v"]).contains("\"\(name)\":\"v\""))
    }

    @Test("masks tokens in messages and values", arguments: ["st_", "gt_", "cs_", "whsec_", "sk_"])
    func tokens(prefix: String) {
        let token = prefix + "Zm9v-YmFy_YmF6cXV4cXV1eA0123456789abcdefghi"
        let line = line("sent \(token), then", ["url": "https://x/?t=\(token)&u=1"])
        #expect(line.contains("\"sent \(prefix)[redacted], then\""))
        #expect(line.contains("\"https://x/?t=\(prefix)[redacted]&u=1\""))
    }

    @Test("masks the secret of a payment intent and keeps its id")
    func paymentIntentSecret() {
        let line = line("pi_3Nq9_secret_aBcD and pi_3Nq9")
        #expect(line.contains("\"pi_3Nq9_secret_[redacted] and pi_3Nq9\""))
    }

    @Test("masks a token that the cut would shorten")
    func tokenAtTheCut() {
        let padding = String(repeating: "x", count: 1_010)
        let line = line("m", ["value": "\(padding) st_\(String(repeating: "A", count: 43))"])
        #expect(!line.contains("AAA"))
    }

    @Test(
        "does not take words for tokens",
        arguments: ["cost_reduction_programmes", "st_short", "pi_3Nq9"]
    )
    func words(text: String) {
        #expect(line("\(text)").contains("\"message\":\"\(text)\""))
    }

    @Test("writes errors at once and lesser lines at the flush")
    func errorsAtOnce() {
        logger().warning("first")
        #expect(pipe.readAvailable() == "")
        logger().error("second")
        let written = pipe.readAvailable()
        #expect(written.split(separator: "\n").count == 2)
        #expect(written.contains("first") && written.contains("second"))
    }

    @Test("keeps to its level")
    func level() {
        logger(.warning).info("quiet")
        #expect(pipe.flushed() == "")
    }
}
