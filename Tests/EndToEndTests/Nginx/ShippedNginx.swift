import FastCGI
import Foundation
import OrderServiceTesting
import Synchronization
import Web

/// The nginx of `nginx/`, rendered and started as every stack does it, in front of instances of a
/// FastCGI server in this process.
final class ShippedNginx {
    let port: UInt16
    let runDirectory: String
    private let settings: [String]
    private var instances: [Instance] = []

    /// One program behind nginx.
    final class Instance {
        let path: String
        private let server: Server

        init(_ path: String, _ application: any Application) throws {
            self.path = path
            server = try Server(
                ServerConfiguration(listeners: [.unix(path: path)], workers: 4),
                application: application
            )
            try server.start()
        }

        /// Ends it; nobody listens on its socket then.
        func stop() {
            server.stop(grace: .seconds(5))
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    /// Starts nginx and an instance for each application.
    ///
    /// - Parameters:
    ///   - settings: of `scripts/lib/nginx.sh`; where they name servers, nginx stands before those.
    ///   - include: directives of the server, such as those of `nginx/tls.conf`.
    ///   - applications: one an instance; without any, nobody listens.
    /// - Throws: `ChildProcess.Failure` with the scripts' output.
    init(
        _ settings: [String: String] = [:],
        include: String? = nil,
        before applications: [any Application]
    ) throws {
        let directory = try StackUnderTest.makeDirectory()
        runDirectory = directory
        let ports = StackUnderTest.freePorts()
        port = ports.0
        var all = settings
        all["RUN_DIR"] = runDirectory
        all["PORT"] = "\(ports.0)"
        all["SIM_PORT"] = "\(ports.1)"
        let sockets = applications.indices.map { "\(directory)/\($0).sock" }
        let servers = sockets.isEmpty ? ["\(runDirectory)/none.sock"] : sockets
        all["NGINX_SERVERS"] =
            settings["NGINX_SERVERS"] ?? servers.map { "unix:\($0)" }.joined(separator: " ")
        if let include {
            let file = runDirectory + "/include.conf"
            try include.write(toFile: file, atomically: true, encoding: .utf8)
            all["NGINX_INCLUDE"] = file
        }
        self.settings = all.map { "\($0.key)=\($0.value)" }
        instances = try zip(sockets, applications).map { try Instance($0, $1) }
        try services("start")
    }

    deinit {
        try? services("stop")
        for instance in instances { instance.stop() }
        try? FileManager.default.removeItem(atPath: runDirectory)
    }

    func stopInstance(_ index: Int) {
        instances.remove(at: index).stop()
    }

    /// What nginx told, warnings included.
    var log: String {
        (try? String(contentsOfFile: runDirectory + "/log/nginx.log", encoding: .utf8)) ?? ""
    }

    /// Sends a request over a connection of its own.
    func send(_ call: HTTPCall) throws -> HTTPAnswer {
        try HTTPConnection(port: port).send(call)
    }

    /// A file of `nginx/`, such as an example.
    static func file(_ name: String) throws -> String {
        try String(contentsOfFile: StackUnderTest.root + "/nginx/" + name, encoding: .utf8)
    }

    /// The example of `realip.conf`, with this machine as the proxy.
    static func realAddresses() throws -> String {
        try file("realip.conf").replacing("192.0.2.10", with: "127.0.0.1")
    }

    private func services(_ action: String) throws {
        let script = "\(StackUnderTest.root)/scripts/services"
        let shell = #""$0" "$@" 2>&1; echo "exit $?""#
        let child = try ChildProcess(
            "/usr/bin/env",
            settings + ["/bin/bash", "-c", shell, script, action, "nginx"]
        )
        var output = ""
        let line = try child.line(containing: "exit ") { output = $0 }
        child.waitUntilEnd()
        guard line == "exit 0" else { throw ChildProcess.Failure(reason: output) }
    }
}

/// Answers with its name and what nginx told of the request, and holds what asks for `/hold`.
final class Echo: Application {
    let name: String
    let answered = Atomic(0)
    private let held = Mutex<[@Sendable (Response) -> Void]>([])

    init(_ name: String = "echo") {
        self.name = name
    }

    func start(_ request: Request) -> Step {
        answered.add(1, ordering: .relaxed)
        let text = [
            name, request.remoteAddress, request.isSecure ? "https" : "http",
            "\(request.body.count)",
        ].joined(separator: " ")
        let answer = Response(.ok, body: Array(text.utf8))
        guard request.path.elementsEqual("/hold".utf8) else { return .answer(answer) }
        return .handOver { [self] reply in held.withLock { $0.append(reply) } }
    }

    var heldCount: Int { held.withLock { $0.count } }

    func release() {
        let replies = held.withLock { held in
            defer { held = [] }
            return held
        }
        for reply in replies { reply(Response(.ok)) }
    }
}

extension HTTPCall {
    /// The same as a proxy passes it on for a client.
    func from(_ address: String) -> HTTPCall { with("X-Forwarded-For", address) }
}
