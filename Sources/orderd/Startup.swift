import ArgumentParser
import FoundationEssentials
@preconcurrency import Glibc
import Logging
import MariaDB
import OrderService
import Redis
import Resilience

/// What every command does first, and how it ends when that fails: one line, exit code 1.
enum Startup {
    /// The time that a command gives the database to answer at start.
    static let patience = Duration.seconds(5)

    /// Takes the places of standard streams that were closed.
    ///
    /// The next connection would get the number of standard output, and what is printed would go there.
    /// Writing to it still fails.
    static func occupyStandardStreams() {
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(stream, F_GETFD) < 0 && errno == EBADF {
            _ = open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Writes out what has been printed.
    ///
    /// - Throws: `ExitCode.failure` after one line if any of it could not be written, as on a full disk:
    ///   whoever asked for it shall not think that there was no more.
    static func flushOutput() throws {
        guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
        printError("standard output: \(String(cString: strerror(errno)))")
        throw ExitCode.failure
    }

    /// Reads the settings.
    ///
    /// - Throws: `ExitCode.failure` after printing one line a problem.
    static func settings() throws -> Settings {
        do {
            let settings = try Settings.load()
            for warning in settings.warnings { printError("warning: \(warning)") }
            return settings
        } catch {
            for problem in error.problems { printError("\(problem)") }
            throw ExitCode.failure
        }
    }

    /// Reads the settings and puts the services together.
    static func services() throws -> Services {
        try services(settings())
    }

    static func services(
        _ settings: Settings,
        _ process: ProcessIdentity = ProcessIdentity(.serve)
    ) throws -> Services {
        try orFail { try Services(settings: settings, process: process) }
    }

    /// Refuses to start where a test named a crash point that there is not.
    static func checkCrashPoint() throws {
        guard let text = CrashPoint.misunderstood else { return }
        printError("\(CrashPoint.variable): there is no crash point «\(text)»")
        throw ExitCode.failure
    }

    /// Checks that the database is there with the schema of this version, and warns of a Redis that
    /// is not.
    ///
    /// The service does without Redis, at its start as well: a process that ends while Redis is away
    /// has to come back.
    static func checkDependencies(_ services: Services) throws {
        try checkSchema(services)
        for (name, redis) in [
            ("cache", services.cacheRedis), ("state", services.stateRedis),
        ] {
            do {
                _ = try redis.send(Command("PING"), until: .after(patience), timeout: patience)
            } catch {
                Logger(label: "orderd").warning(
                    "started without Redis",
                    metadata: ["redis": "\(name)", "error": "\(error)"]
                )
            }
        }
    }

    /// Checks that the database is there and has the schema of this version.
    static func checkSchema(_ services: Services) throws {
        try orFail {
            try SchemaMigrator(database: services.database).check(until: .after(patience))
        }
    }

    /// Runs `body`; prints a thrown error as one line and ends with exit code 1.
    static func orFail<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let exit as ExitCode {
            // Whoever threw it has said why.
            throw exit
        } catch let error as MariaDBError {
            printError("MariaDB: \(error.summary)")
        } catch {
            printError("\(error)")
        }
        throw ExitCode.failure
    }
}

/// Prints bytes to standard output.
///
/// - Throws: `ExitCode.failure` after one line if not all of them can be written, as on a full disk;
///   `print` would not say so.
func printOrFail(_ bytes: some Sequence<UInt8>) throws {
    var left = Array(bytes)[...]
    while !left.isEmpty {
        let written = left.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else {
            printError("standard output: \(String(cString: strerror(errno)))")
            throw ExitCode.failure
        }
        left = left.dropFirst(written)
    }
}

/// Prints one line to standard error.
func printError(_ line: String) {
    let text = Array("orderd: \(line.replacing("\n", with: " "))\n".utf8)
    text.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

extension MariaDBError {
    /// What an operator needs to know, in one line.
    fileprivate var summary: String {
        switch self {
        case .connectFailed(let failures):
            failures.map { "\($0.server): \($0.cause)" }.joined(separator: "; ")
        case .failed(let failure): failure.description
        default: "\(self)"
        }
    }
}
