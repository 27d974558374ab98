import Foundation
import Glibc

/// A Redis server of one test suite's own, on a unix socket in a temporary directory.
///
/// It keeps nothing on disk and ends with this object, by its own process id.
package final class PrivateRedis: @unchecked Sendable {
    // Sendable because a suite is `.serialized` and alone uses its server.
    package struct Failure: Error {
        package var reason: String
    }

    /// Where the server listens; stays the same over restarts.
    package let socketPath: String
    private let directory: String
    private let extraArguments: [String]
    private var process: pid_t?

    /// Starts a server and waits until it accepts connections.
    ///
    /// - Parameter extraArguments: more settings, such as `["--maxmemory", "1mb"]`; later ones
    ///   win.
    /// - Throws: `Failure` if the server does not start.
    package init(_ extraArguments: [String] = []) throws {
        guard let template = strdup("/tmp/private-redis-XXXXXX") else {
            throw Failure(reason: "out of memory")
        }
        defer { free(template) }
        guard mkdtemp(template) != nil else { throw Failure(reason: "mkdtemp: \(errno)") }
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
        guard let program = Self.program else { throw Failure(reason: "no redis-server found") }
        let output = Pipe()
        let arguments =
            [
                program, "--port", "0", "--unixsocket", socketPath, "--save", "",
                "--appendonly", "no", "--dir", directory,
            ] + extraArguments
        process = try spawn(arguments, output: output.fileHandleForWriting.fileDescriptor)
        try output.fileHandleForWriting.close()
        var log = ""
        while !log.contains("eady to accept connections") {
            let piece = output.fileHandleForReading.availableData
            guard !piece.isEmpty else {
                stop()
                throw Failure(reason: "redis-server ended: \(log)")
            }
            log += String(decoding: piece, as: UTF8.self)
        }
    }

    /// Ends the server, loses its data, and waits until it is gone.
    package func stop() {
        guard let process else { return }
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
        self.process = nil
    }

    /// Stops the server's clock: the kernel still accepts connections, but nobody answers.
    package func pause() {
        guard let process else { return }
        kill(process, SIGSTOP)
        // Returns when the process really stands still.
        waitpid(process, nil, WUNTRACED)
    }

    /// Ends a pause.
    package func resume() {
        guard let process else { return }
        kill(process, SIGCONT)
    }

    private func spawn(_ arguments: [String], output: CInt) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        let status = posix_spawn(&process, arguments[0], &actions, nil, &pointers, environ)
        guard status == 0 else { throw Failure(reason: "posix_spawn: \(status)") }
        return process
    }
}
