import CLinux
import Foundation
import Glibc

/// An nginx of a test's own, in front of a FastCGI server.
///
/// It listens on a socket file and keeps few connections to the server, so that many clients share
/// them. It is ended with the object.
package final class TestNginx {
    /// The binary, by TEST_NGINX or at its usual place; nil if there is none.
    package static let binary: String? = {
        let named = ProcessInfo.processInfo.environment["TEST_NGINX"]
        let path = named ?? "/usr/sbin/nginx"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    package struct Unavailable: Error {}

    /// Where clients connect, with HTTP.
    package let address: String
    private let directory: String
    private let process = Process()

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - upstream: the socket file of the FastCGI server.
    ///   - keptConnections: how many idle connections to it are kept.
    /// - Throws: `Unavailable` if there is no nginx or it does not listen within ten seconds.
    package init(upstream: String, keptConnections: Int = 2) throws {
        guard let binary = Self.binary else { throw Unavailable() }
        directory = NSTemporaryDirectory() + "nginx-" + UUID().uuidString.prefix(8)
        address = directory + "/http"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        let configuration = Self.configuration(directory, upstream, keptConnections)
        try configuration.write(
            toFile: directory + "/nginx.conf",
            atomically: true,
            encoding: .utf8
        )
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = [
            "-p", directory, "-c", directory + "/nginx.conf", "-e", directory + "/error.log",
        ]
        try process.run()
        try waitUntilListening()
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func waitUntilListening() throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while (try? HTTPClient(to: address)) == nil {
            guard ContinuousClock.now < deadline, process.isRunning else { throw Unavailable() }
            usleep(5_000)
        }
    }

    private static func configuration(
        _ directory: String,
        _ upstream: String,
        _ keptConnections: Int
    ) -> String {
        """
        user \(NSUserName());
        daemon off;
        worker_processes 1;
        pid \(directory)/pid;
        events { worker_connections 512; }
        http {
            access_log off;
            client_body_temp_path \(directory)/body;
            fastcgi_temp_path \(directory)/fastcgi;
            proxy_temp_path \(directory)/proxy;
            uwsgi_temp_path \(directory)/uwsgi;
            scgi_temp_path \(directory)/scgi;
            upstream app {
                server unix:\(upstream);
                keepalive \(keptConnections);
            }
            server {
                listen unix:\(directory)/http;
                client_max_body_size 2m;
                location / {
                    fastcgi_pass app;
                    fastcgi_keep_conn on;
                    fastcgi_param REQUEST_METHOD $request_method;
                    fastcgi_param REQUEST_URI $request_uri;
                    fastcgi_param CONTENT_LENGTH $content_length;
                    fastcgi_param REMOTE_ADDR $remote_addr;
                }
            }
        }
        """
    }
}
