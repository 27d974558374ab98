import Foundation
import Glibc

/// A program that a test runs and ends by its own process id.
///
/// Not Foundation's `Process`: what a test runner starts inherits a blocked SIGTERM, and
/// `terminate` with `waitUntilExit` then waits for ever.
package final class ChildProcess {
    package struct Failure: Error {
        package var reason: String

        package init(reason: String) {
            self.reason = reason
        }
    }

    private let process: pid_t
    private let output: FileHandle
    private var log = ""
    private var isReaped = false

    /// Starts a program, by its path, with its standard output to be read here.
    package init(_ program: String, _ arguments: [String]) throws {
        let pipe = Pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(
            &actions,
            pipe.fileHandleForWriting.fileDescriptor,
            STDOUT_FILENO
        )
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // Threads of Dispatch block most signals, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pointers = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = Self.environment.map { strdup($0) } + [nil]
        defer { for pointer in pointers + variables { free(pointer) } }
        var process = pid_t()
        let status = posix_spawn(&process, program, &actions, &attributes, &pointers, &variables)
        guard status == 0 else { throw Failure(reason: "posix_spawn: \(status)") }
        self.process = process
        output = pipe.fileHandleForReading
        try pipe.fileHandleForWriting.close()
    }

    deinit {
        end()
    }

    /// Ours, but that only the test runner's own lines are counted for the coverage: a program
    /// that is killed may leave half a profile.
    private static let environment: [String] = {
        var variables = ProcessInfo.processInfo.environment
        variables["LLVM_PROFILE_FILE"] = "/dev/null"
        return variables.map { "\($0.key)=\($0.value)" }
    }()

    /// Reads whole lines of the output until one contains `text`.
    ///
    /// - Parameters:
    ///   - text: what the line contains.
    ///   - report: is given all output so far.
    /// - Returns: that line.
    /// - Throws: `Failure` with the output if the program ends before.
    package func line(
        containing text: String,
        _ report: (String) -> Void = { _ in }
    ) throws -> String {
        while true {
            let whole = log.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = whole.first(where: { $0.contains(text) }) {
                report(log)
                return String(line)
            }
            let piece = output.availableData
            guard !piece.isEmpty else { throw Failure(reason: "the program ended: \(log)") }
            log += String(decoding: piece, as: UTF8.self)
        }
    }

    /// Sends SIGSTOP and returns when the program really stands still.
    package func pause() {
        kill(process, SIGSTOP)
        waitpid(process, nil, WUNTRACED)
    }

    package func resume() {
        kill(process, SIGCONT)
    }

    /// Whether the program has ended; does not wait.
    package var hasEnded: Bool {
        if !isReaped { isReaped = waitpid(process, nil, WNOHANG) == process }
        return isReaped
    }

    /// Waits until the program has ended by itself.
    package func waitUntilEnd() {
        guard !isReaped else { return }
        waitpid(process, nil, 0)
        isReaped = true
    }

    /// Kills the program and waits until it is gone.
    package func end() {
        guard !isReaped else { return }
        kill(process, SIGKILL)
        waitUntilEnd()
    }
}
