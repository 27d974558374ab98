import Foundation
import OrderServiceTesting
import Signing
import Testing
import Web

extension WholeStackTests {
    /// Credentials as they go through nginx, and what is written down of them.
    @Suite("Credentials on their way")
    struct CredentialLogTests {
        /// Everything is logged that may be.
        private static let settings = [
            "LOG_LEVEL": "trace", "LOG_LOOKUP_SAMPLE": "1", "LOG_LOOKUP_SLOW": "0s",
        ]

        private typealias Fields = [(name: String, value: String)]

        @Test("are refused alike where they are odd, and leave nothing in any log")
        func logs() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest(settings: Self.settings)
                let token = stack.customerToken
                let made = try stack.connect().send(
                    HTTPCall("POST", "/v1/sessions/cookie").with("Authorization", "Bearer \(token)")
                )
                #expect(made.status == 200)
                let csrf = made.field("X-CSRF-Token") ?? ""
                var ids: [String] = []
                func status(_ method: String, _ fields: Fields) throws -> Int {
                    let id = "credential-\(ids.count)-\(UUID().uuidString)"
                    ids.append(id)
                    let all = fields + [(name: "X-Request-Id", value: id)]
                    // A connection of its own: what is not HTTP ends it.
                    return try stack.connect().send(
                        HTTPCall(method, "/v1/sessions/current", fields: all)
                    ).status
                }
                for fields in Self.refused(token) {
                    #expect(try status("GET", fields) == 401, "\(fields.map(\.name))")
                }
                // nginx itself does not take these for HTTP.
                for fields in Self.malformed(token) {
                    #expect(try status("GET", fields) == 400, "\(fields.map(\.name))")
                }
                let cookie = (name: "Cookie", value: "session=\(token)")
                #expect(try status("GET", [cookie]) == 200)
                #expect(try status("DELETE", [cookie]) == 403)
                #expect(try status("DELETE", [cookie, ("X-CSRF-Token", csrf + "x")]) == 403)
                let origin = (name: "Origin", value: "https://evil.ro")
                #expect(try status("DELETE", [cookie, ("X-CSRF-Token", csrf), origin]) == 403)
                let other = (name: "Origin", value: "http://localhost:1")
                #expect(try status("DELETE", [cookie, ("X-CSRF-Token", csrf), other]) == 403)
                let own = (name: "Origin", value: "http://localhost")
                #expect(try status("DELETE", [cookie, ("X-CSRF-Token", csrf), own]) == 204)
                #expect(try status("GET", [cookie]) == 401)

                // What they hold back is written when they end.
                try stack.stop(.nginx)
                try stack.stop(.serve)
                try stack.stop(.worker)
                let logs = try Self.logs(of: stack)
                let seen = ids.filter { id in logs.contains { $0.text.contains(id) } }
                #expect(seen.count == ids.count - Self.malformed(token).count)
                for secret in Self.traces(of: token) + [csrf] {
                    for log in logs { #expect(!log.text.contains(secret), "\(log.name)") }
                }
                try stack.start(.nginx)
            }
        }

        /// Credentials that reach the program, which refuses them.
        private static func refused(_ token: String) -> [Fields] {
            let bearer = (name: "Authorization", value: "Bearer \(token)")
            let unknown = (
                name: "Authorization", value: "Bearer st_" + String(repeating: "A", count: 43)
            )
            let cookie = (name: "Cookie", value: "session=\(token)")
            return [
                [unknown], [("Authorization", "Bearer \(token.dropLast())")],
                [("Authorization", "Bearer \(token)A")],
                [("Authorization", "Bearer \(token.uppercased())")],
                [("Authorization", "Basic \(token)")], [("Authorization", token)],
                [("Authorization", "Bearer xx_\(token.dropFirst(3))")],
                [("Authorization", "Bearer \(token), Bearer \(token)")],
                [("Authorization", "Bearer \(token)%0d%0aX-A: b")],
                [("Authorization", "Bearer " + String(repeating: token, count: 100))],
                [bearer, cookie], [cookie, cookie], [cookie, ("Cookie", "a=b")],
                [("Cookie", "a=b"), cookie], [("Cookie", "session=\(token); session=\(token)")],
                [("Cookie", "__Host-session=\(token)")],
                [("Cookie", "session=\(token); __Host-session=\(token)")],
                [("Cookie", "session=\"\(token)\"")], [("Cookie", "session=")],
            ]
        }

        /// What nginx answers by itself.
        private static func malformed(_ token: String) -> [Fields] {
            let bearer = (name: "Authorization", value: "Bearer \(token)")
            return [
                [bearer, bearer], [("Authorization", "Bearer \(token)\0")],
                [("Authorization", "Bearer\0\(token)")], [("Cookie", "session=\(token)\0")],
                [("Authorization", "Bearer " + String(repeating: token, count: 200))],
            ]
        }

        /// Whatever of a token would let somebody find it again.
        private static func traces(of token: String) -> [String] {
            let hash = SHA256.digest(Array(token.utf8))
            return [
                String(token.dropFirst(3).prefix(20)), String(token.suffix(20)),
                hash.hex, hash.hex.uppercased(), Base64URL.encode(hash.bytes),
                Data(hash.bytes).base64EncodedString(),
            ]
        }

        private static func logs(
            of stack: StackUnderTest
        ) throws -> [(name: String, text: String)] {
            let directory = stack.runDirectory + "/log"
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(names.contains("orderd-serve.log") && names.contains("nginx-access.log"))
            return try names.map { name in
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
                return (name, String(decoding: data, as: UTF8.self))
            }
        }
    }
}
