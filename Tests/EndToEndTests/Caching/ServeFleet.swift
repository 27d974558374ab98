import FastCGI
import OrderServiceTesting
import Resilience
import Web

/// Several `orderd serve` of one stack, asked each by itself, past nginx.
final class ServeFleet: @unchecked Sendable {
    // Sendable because the processes are replaced by the test's own thread alone.
    private let stack: StackUnderTest
    private let changes: [String: String]
    private var processes: [OrderdProcess] = []

    /// Starts them, and waits until all answer.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - stack: whose they are.
    ///   - changes: settings that differ from the stack's.
    ///   - crashPoint: where the last one is to die.
    /// - Throws: `ChildProcess.Failure`, or `TooLate`.
    init(
        _ count: Int,
        of stack: StackUnderTest,
        _ changes: [String: String],
        lastDyingAt crashPoint: String? = nil
    ) throws {
        self.stack = stack
        self.changes = changes
        for number in 0..<count {
            processes.append(try start(number, number == count - 1 ? crashPoint : nil))
        }
        for number in 0..<count { try wait(for: number) }
    }

    deinit {
        for process in processes { process.kill() }
    }

    var count: Int { processes.count }

    func hasEnded(_ number: Int) -> Bool { processes[number].hasEnded }

    /// Starts one again that has died, and waits until it answers.
    func restart(_ number: Int) throws {
        processes[number].kill()
        processes[number] = try start(number, nil)
        try wait(for: number)
    }

    private func path(_ number: Int) -> String {
        "\(stack.runDirectory)/sockets/orderd-\(number).sock"
    }

    private func start(_ number: Int, _ crashPoint: String?) throws -> OrderdProcess {
        let own = ["LISTEN": "unix:\(path(number))"].merging(changes) { $1 }
        return try OrderdProcess(.serve, in: stack, dyingAt: crashPoint, own)
    }

    private func wait(for number: Int) throws {
        let isThere = eventually(within: .seconds(60)) {
            (try? connect(to: number).send("GET", "/health/live").status) == 200
        }
        guard isThere else { throw TooLate("serve \(number) does not answer") }
    }

    func connect(to number: Int) throws -> FleetConnection {
        FleetConnection(try FastCGIClient(to: .unix(path: path(number)), timeout: 30))
    }
}

/// A connection to one of them.
///
/// One thread uses it at a time.
struct FleetConnection: @unchecked Sendable {
    private let client: FastCGIClient

    /// The process has gone away.
    struct Lost: Error {}

    init(_ client: FastCGIClient) {
        self.client = client
    }

    /// Sends a request and waits for its answer.
    ///
    /// - Throws: `Lost`, `FastCGIClient.Failure`.
    func send(
        _ method: String,
        _ target: String,
        token: String? = nil,
        headers: [(name: String, value: String)] = [],
        _ body: JSON? = nil
    ) throws -> FastCGIClient.Answer {
        var all = headers
        if let token { all.append(("HTTP_AUTHORIZATION", "Bearer \(token)")) }
        if body != nil { all.append(("CONTENT_TYPE", "application/json")) }
        let request = FastCGIRecords.request(
            method,
            target,
            headers: all,
            body: body?.serialized() ?? []
        )
        guard let answer = try client.exchange(request), answer.protocolStatus == 0 else {
            throw Lost()
        }
        return answer
    }
}
