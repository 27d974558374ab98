import Foundation
import Glibc

/// A Redis server of one test suite's own, on a unix socket in a temporary directory.
///
/// It keeps nothing on disk and ends with this object, by its own process id.
package final class PrivateRedis: @unchecked Sendable {
    // Sendable because a suite is `.serialized` and alone uses its server.
    /// Where the server listens; stays the same over restarts.
    package let socketPath: String
    private let directory: String
    private let extraArguments: [String]
    private var process: ChildProcess?

    /// Starts a server and waits until it accepts connections.
    ///
    /// - Parameter extraArguments: more settings, such as `["--maxmemory", "1mb"]`; later ones
    ///   win.
    /// - Throws: `ChildProcess.Failure` if the server does not start.
    package init(_ extraArguments: [String] = []) throws {
        guard let template = strdup("/tmp/private-redis-XXXXXX") else {
            throw ChildProcess.Failure(reason: "out of memory")
        }
        defer { free(template) }
        guard mkdtemp(template) != nil else {
            throw ChildProcess.Failure(reason: "mkdtemp: \(errno)")
        }
        directory = String(cString: template)
        socketPath = directory + "/s"
        self.extraArguments = extraArguments
        // hiredis writes with write(2); the service ignores this signal, too.
        signal(SIGPIPE, SIG_IGN)
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Whether the program is installed.
    package static var isAvailable: Bool { program != nil }

    private static let program: String? = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/usr/local/bin"
        return path.split(separator: ":").map { $0 + "/redis-server" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Starts the server again after `stop`.
    package func start() throws {
        guard process == nil else { return }
        guard let program = Self.program else {
            throw ChildProcess.Failure(reason: "no redis-server found")
        }
        let arguments =
            [
                "--port", "0", "--unixsocket", socketPath, "--save", "", "--appendonly", "no",
                "--dir", directory,
            ] + extraArguments
        let process = try ChildProcess(program, arguments)
        _ = try process.line(containing: "eady to accept connections")
        self.process = process
    }

    /// Ends the server, loses its data, and waits until it is gone.
    package func stop() {
        process?.end()
        process = nil
    }

    /// Stops the server's clock: the kernel still accepts connections, but nobody answers.
    package func pause() {
        process?.pause()
    }

    /// Ends a pause.
    package func resume() {
        process?.resume()
    }
}
