import Foundation
package import Glibc

/// A whole stack of one suite's own: MariaDB, Redis, nginx, the stand-ins, `serve` and `worker`.
///
/// Started by `scripts/stack` in a temporary run directory on ports of its own, and taken down
/// with the last reference to it, or, should the tests die, by the script that watches them.
package final class StackUnderTest: @unchecked Sendable {
    // Sendable because all is constant but `keeper`, which only `init` and `deinit` use.
    package let runDirectory: String
    package let port: UInt16
    package let simulatorPort: UInt16
    /// What `scripts/stack` wrote for callers: addresses, tokens, sockets.
    package private(set) var environment: [String: String] = [:]
    /// What the stack's scripts and programs are started with, `NAME=value` each.
    package let settings: [String]
    private var keeper: ChildProcess?

    /// What can be restarted.
    package enum Part {
        case mariadb, redis, nginx, serve, worker, simulator
    }

    /// Whether the programs that a stack needs have been built, as `make test` does.
    package static var isAvailable: Bool { programs != nil }

    /// The paths of `orderd` and `ordersim`.
    private static let programs: (orderd: String, ordersim: String)? = {
        let environment = ProcessInfo.processInfo.environment
        let products = root + "/.build/debug/"
        let orderd = environment["ORDERD_BINARY"] ?? products + "orderd"
        let ordersim = environment["ORDERSIM_BINARY"] ?? products + "ordersim"
        let isThere = [orderd, ordersim].allSatisfy(FileManager.default.isExecutableFile)
        return isThere ? (orderd, ordersim) : nil
    }()

    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    package static var orderd: String { programs?.orderd ?? "" }

    /// Starts a stack and waits until it serves.
    ///
    /// - Parameter settings: further settings of orderd.
    /// - Throws: `ChildProcess.Failure` with the script's output.
    package init(settings: [String: String] = [:]) throws {
        guard let programs = Self.programs else {
            throw ChildProcess.Failure(reason: "orderd and ordersim have not been built")
        }
        runDirectory = try Self.makeDirectory()
        let ports = Self.freePorts()
        port = ports.0
        simulatorPort = ports.1
        self.settings =
            [
                "RUN_DIR=\(runDirectory)", "PORT=\(port)", "SIM_PORT=\(simulatorPort)",
                "ORDERD_BINARY=\(programs.orderd)", "ORDERSIM_BINARY=\(programs.ordersim)",
                "SEED_ORDERS=0",
                // All customers of a test have one address, and most are one guest.
                "PAYMENT_LIMIT_CUSTOMER_HOUR=1000000", "PAYMENT_LIMIT_CUSTOMER_DAY=1000000",
                "PAYMENT_LIMIT_ADDRESS_HOUR=1000000",
                "FRAUD_REVIEW_SCORE=1000000", "FRAUD_BLOCK_SCORE=1000000",
            ] + settings.map { "\($0.key)=\($0.value)" }
        do {
            // It takes everything down when this process is gone, however that ends.
            let keeper = try ChildProcess("/usr/bin/env", command("stack", ["foreground"]))
            self.keeper = keeper
            _ = try keeper.line(containing: "Everything runs")
            environment = try Self.readEnvironment(runDirectory + "/env")
        } catch {
            let reason = "\(error): \(log)"
            down()
            throw ChildProcess.Failure(reason: reason)
        }
    }

    deinit {
        down()
    }

    private func down() {
        _ = try? run("stack", "down")
        keeper?.end()
        keeper = nil
        try? FileManager.default.removeItem(atPath: runDirectory)
    }

    /// The value of a line of the stack's `env`.
    package func value(_ name: String) -> String { environment[name] ?? "" }

    /// A setting of the stack's programs.
    package func setting(_ name: String) throws -> String {
        try Self.readEnvironment(runDirectory + "/settings")[name] ?? ""
    }

    package var customerToken: String { value("CUSTOMER_TOKEN") }
    package var supportToken: String { value("SUPPORT_TOKEN") }

    /// A new connection to the service, through nginx.
    package func connect() -> HTTPConnection { HTTPConnection(port: port) }

    /// A new connection to the stand-ins.
    package func connectToSimulator() -> HTTPConnection { HTTPConnection(port: simulatorPort) }

    // MARK: Parts

    /// Stops a part, starts it again, and waits until it accepts connections.
    ///
    /// - Returns: from when on it was away, and when it was back.
    package func restart(_ part: Part) throws -> ClosedRange<ContinuousClock.Instant> {
        let start = ContinuousClock.now
        try stop(part)
        try self.start(part)
        return start...ContinuousClock.now
    }

    package func stop(_ part: Part) throws {
        switch part {
        case .serve, .worker, .simulator: try run("stack", ["stop"] + names(of: part))
        case .mariadb, .redis, .nginx: try run("services", ["stop"] + names(of: part))
        }
    }

    package func start(_ part: Part) throws {
        switch part {
        case .serve, .worker, .simulator: try run("stack", ["start"] + names(of: part))
        case .mariadb, .redis, .nginx: try run("services", ["start"] + names(of: part))
        }
    }

    /// What the scripts call a part; Redis may be one server or two.
    private func names(of part: Part) throws -> [String] {
        switch part {
        case .mariadb: return ["mariadb"]
        case .nginx: return ["nginx"]
        case .serve: return ["orderd-serve"]
        case .worker: return ["orderd-worker"]
        case .simulator: return ["ordersim"]
        case .redis:
            let script = try String(contentsOfFile: Self.root + "/scripts/stack", encoding: .utf8)
            return script.contains("redis-state") ? ["redis-cache", "redis-state"] : ["redis"]
        }
    }

    /// The process number of one of the stack's processes, such as `orderd-serve`.
    package func processID(_ name: String) throws -> pid_t {
        let text = try String(contentsOfFile: "\(runDirectory)/pid/\(name)", encoding: .utf8)
        guard let number = text.split(separator: " ").first.flatMap({ pid_t($0) }) else {
            throw ChildProcess.Failure(reason: "\(name) has no process number")
        }
        return number
    }

    /// What a part has logged about a request; such as `orderd-serve`, and all that write where it does.
    package func logged(by part: String, about requestID: String) -> [String] {
        let path = "\(runDirectory)/log/\(part).log"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { $0.contains(requestID) }.map(String.init)
    }

    // MARK: Scripts

    private func run(_ script: String, _ arguments: String...) throws {
        try run(script, arguments)
    }

    private func run(_ script: String, _ arguments: [String]) throws {
        let child = try ChildProcess("/usr/bin/env", command(script, arguments))
        let line = try child.line(containing: "exit ")
        child.waitUntilEnd()
        guard line == "exit 0" else {
            throw ChildProcess.Failure(reason: "scripts/\(script) \(arguments): \(log)")
        }
    }

    /// A script in the stack's environment; all but the keeper say at last `exit` and the status.
    private func command(_ script: String, _ arguments: [String]) -> [String] {
        let isKeeper = arguments == ["foreground"]
        let shell =
            isKeeper
            ? #"exec "$0" "$@" 2>>"$RUN_DIR/scripts.log""#
            : #""$0" "$@" 2>>"$RUN_DIR/scripts.log"; echo "exit $?""#
        return settings + ["/bin/bash", "-c", shell, "\(Self.root)/scripts/\(script)"] + arguments
    }

    private var log: String {
        (try? String(contentsOfFile: runDirectory + "/scripts.log", encoding: .utf8)) ?? ""
    }

    // MARK: Places

    package static func makeDirectory() throws -> String {
        // Short, because a unix socket's path holds 107 bytes.
        let path = "/tmp/stack-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        return path
    }

    /// Two ports nobody listens on, below those the kernel gives to outgoing connections.
    package static func freePorts() -> (UInt16, UInt16) {
        var found: [UInt16] = []
        while found.count < 2 {
            let port = UInt16.random(in: 20_000..<32_000)
            if !found.contains(port), isFree(port) { found.append(port) }
        }
        return (found[0], found[1])
    }

    private static func isFree(_ port: UInt16) -> Bool {
        do throws(HTTPConnection.Failure) {
            _ = try HTTPConnection(port: port, timeout: 1).send(.get("/"))
            return false
        } catch {
            return error == .connect(ECONNREFUSED)
        }
    }

    private static func readEnvironment(_ path: String) throws -> [String: String] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let pairs = text.split(separator: "\n").compactMap { line -> (String, String)? in
            let parts = line.split(separator: "=", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        return Dictionary(pairs) { $1 }
    }
}
