import Foundation
import OrderServiceTesting
import Testing
import Web

@Suite("nginx past one machine", .serialized, .enabled(if: TestNginx.binary != nil))
struct NginxExamplesTests {
    @Test("spreads requests over instances, and does without one that has gone")
    func instances() async throws {
        try await onOwnThread {
            let (first, second) = (Echo("first"), Echo("second"))
            let nginx = try ShippedNginx(before: [first, second])
            func names(_ call: HTTPCall) throws -> Set<String> {
                try (0..<20).reduce(into: []) { names, _ in
                    let answer = try nginx.send(call)
                    #expect(answer.status == 200)
                    names.insert(String(answer.text.prefix { $0 != " " }))
                }
            }
            #expect(try names(.get("/v1/orders")) == ["first", "second"])
            nginx.stopInstance(0)
            // What may be sent again finds out first: a kept connection's end may be news to nginx.
            #expect(try names(.get("/v1/orders")) == ["second"])
            #expect(try names(.json("POST", "/v1/orders/1/cancel", [:])) == ["second"])
        }
    }

    @Test("believes a client's address only of the proxies that are named")
    func realAddresses() async throws {
        try await onOwnThread {
            func seen(_ nginx: ShippedNginx, _ forwarded: String) throws -> Substring? {
                try nginx.send(.get("/v1/orders").from(forwarded)).text.split(separator: " ")
                    .dropFirst().first
            }
            let plain = try ShippedNginx(before: [Echo()])
            #expect(try seen(plain, "198.51.100.1") == "127.0.0.1")
            let other = try ShippedNginx(
                include: ShippedNginx.file("realip.conf"),
                before: [Echo()]
            )
            #expect(try seen(other, "198.51.100.1") == "127.0.0.1")
            let behind = try ShippedNginx(include: ShippedNginx.realAddresses(), before: [Echo()])
            #expect(try seen(behind, "198.51.100.1") == "198.51.100.1")
            #expect(try seen(behind, "2001:db8::1") == "2001:db8::1")
            // What stands left of the last foreign address, the client has written itself.
            #expect(try seen(behind, "203.0.113.9, 198.51.100.1") == "198.51.100.1")
            #expect(try seen(behind, "203.0.113.9, 198.51.100.1, 127.0.0.1") == "198.51.100.1")
        }
    }

    @Test("speaks TLS as the example says, and tells the program so")
    func tls() async throws {
        try await onOwnThread {
            let directory = try StackUnderTest.makeDirectory()
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let (port, _) = StackUnderTest.freePorts()
            let (key, certificate) = ("\(directory)/key.pem", "\(directory)/fullchain.pem")
            try Self.makeCertificate(key, certificate)
            let example = try ShippedNginx.file("tls.conf")
                .replacing("listen 443 ", with: "listen 127.0.0.1:\(port) ")
                .replacing("listen [::]:443 ssl http2;", with: "")
                .replacing("/etc/orders/tls/", with: "\(directory)/")
            let nginx = try ShippedNginx(include: example, before: [Echo()])
            func curl(_ arguments: String...) throws -> String {
                let shell = #""$@"; echo "exit $?""#
                let command = [
                    "curl", "-sS", "-i", "--cacert", certificate, "--noproxy", "*",
                ]
                let child = try ChildProcess(
                    "/bin/sh",
                    ["-c", shell, "sh"] + command + arguments
                        + ["https://localhost:\(port)/v1/orders"]
                )
                var output = ""
                _ = try child.line(containing: "exit ") { output = $0 }
                child.waitUntilEnd()
                return output
            }
            for version in ["1.2", "1.3"] {
                let answer = try curl("--tlsv\(version)", "--tls-max", version)
                #expect(answer.hasPrefix("HTTP/2 200"))
                #expect(answer.contains("echo 127.0.0.1 https 0"))
                #expect(answer.contains("strict-transport-security: max-age=31536000\r\n"))
                #expect(answer.contains("x-frame-options: DENY"))
            }
            let weak = try curl("--tls-max", "1.2", "--ciphers", "AES128-SHA:AES256-GCM-SHA384")
            #expect(weak.contains("exit 35"))
            let old = try curl("--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0")
            #expect(old.contains("exit 35"))
            #expect(try nginx.send(.get("/v1/orders")).text == "echo 127.0.0.1 http 0")
        }
    }

    private static func makeCertificate(_ key: String, _ certificate: String) throws {
        try ChildProcess(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", key, "-out", certificate, "-days", "1", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            ]
        ).waitUntilEnd()
    }
}
