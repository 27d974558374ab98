import CLinux
import Foundation

/// A MariaDB server of a test's own, on an empty temporary directory, reached by a socket there.
///
/// It is ended by its own process, and its directory removed, when the last reference goes.
package final class PrivateMariaDB: @unchecked Sendable {
    // Sendable because a test drives it from one thread at a time.
    private let directory: URL
    private let options: [String]
    private var server: Process?

    /// What went wrong with the server.
    package struct Failure: Error {
        package var reason: String
    }

    package var socket: String { directory.appendingPathComponent("s.sock").path }

    /// Installs a database and starts a server on it; blocks until it accepts connections.
    ///
    /// - Parameter options: further options of `mariadbd`, such as `--port=…`.
    /// - Throws: `Failure` if the programs are missing or do not do their work.
    package init(options: [String] = ["--skip-networking"]) throws {
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("mariadb-\(UUID().uuidString.prefix(8))")
        self.options = options
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let installation = Process()
        installation.executableURL = try Self.program("mariadb-install-db")
        installation.arguments =
            ["--no-defaults", "--auth-root-authentication-method=socket", "--skip-test-db"]
            + commonOptions
        installation.standardOutput = FileHandle.nullDevice
        installation.standardError = FileHandle.nullDevice
        try installation.run()
        installation.waitUntilExit()
        guard installation.terminationStatus == 0 else {
            throw Failure(reason: "mariadb-install-db failed")
        }
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Starts the server again; blocks until it accepts connections, half a minute at most.
    package func start() throws {
        let server = Process()
        server.executableURL = try Self.program("mariadbd")
        server.arguments =
            ["--no-defaults"] + commonOptions + [
                "--socket=\(socket)",
                "--pid-file=\(directory.path)/s.pid",
                "--log-error=\(directory.path)/s.log",
                "--innodb-buffer-pool-size=16M",
                "--innodb-log-file-size=8M",
                "--performance-schema=OFF",
            ] + options
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        try server.run()
        self.server = server
        let limit = ContinuousClock.now + .seconds(30)
        while !accepts() {
            guard server.isRunning, ContinuousClock.now < limit else {
                throw Failure(reason: "mariadbd did not start, see \(directory.path)/s.log")
            }
            usleep(10_000)
        }
    }

    /// Lets the server end in order; blocks until it has.
    package func stop() {
        send(SIGTERM)
        server?.waitUntilExit()
        server = nil
    }

    /// Ends the server at once, as a crash would; blocks until it is gone.
    package func kill() {
        send(SIGKILL)
        server?.waitUntilExit()
        server = nil
    }

    /// Stops the server from running, so that it neither answers nor hangs up; returns when all
    /// its threads stand still.
    package func freeze() {
        guard let server, server.isRunning else { return }
        send(SIGSTOP)
        var information = siginfo_t()
        waitid(P_PID, id_t(server.processIdentifier), &information, WSTOPPED)
    }

    /// Lets a frozen server go on.
    package func thaw() {
        send(SIGCONT)
    }

    private func send(_ signal: Int32) {
        guard let server, server.isRunning else { return }
        Foundation.kill(server.processIdentifier, signal)
    }

    private var commonOptions: [String] {
        // A server that starts removes every #sql file of its tmpdir: /tmp is others' as well.
        let data = ["--datadir=\(directory.path)/data", "--tmpdir=\(directory.path)"]
        return getuid() == 0 ? data + ["--user=root"] : data
    }

    private func accepts() -> Bool {
        let descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    private static func program(_ name: String) throws -> URL {
        for folder in ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"] {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) {
                return URL(fileURLWithPath: path)
            }
        }
        throw Failure(reason: "\(name) is not installed")
    }
}
