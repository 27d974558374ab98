import Foundation
import OrderServiceTesting

/// A TLS server with a certificate of its own making, run by the program `openssl`.
final class TLSPeer {
    let port: Int
    /// The certificate, which vouches for itself.
    let authorityFile: String
    private let directory: URL
    private let server: ChildProcess

    private static let program = "/usr/bin/openssl"

    static var isAvailable: Bool {
        FileManager.default.isExecutableFile(atPath: program)
    }

    /// Starts a server whose certificate is for `name`, such as `IP:127.0.0.1`.
    init(certifiedFor name: String) throws {
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("tls-peer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let key = directory.appendingPathComponent("key.pem").path
        authorityFile = directory.appendingPathComponent("certificate.pem").path
        try ChildProcess(
            Self.program,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", key, "-out", authorityFile, "-days", "1", "-subj", "/CN=peer",
                "-addext", "subjectAltName=\(name)",
            ]
        ).waitUntilEnd()
        server = try ChildProcess(
            Self.program,
            ["s_server", "-accept", "127.0.0.1:0", "-key", key, "-cert", authorityFile, "-www"]
        )
        let line = try server.line(containing: "ACCEPT")
        guard let port = line.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw ChildProcess.Failure(reason: line)
        }
        self.port = port
    }

    deinit {
        server.end()
        try? FileManager.default.removeItem(at: directory)
    }
}
