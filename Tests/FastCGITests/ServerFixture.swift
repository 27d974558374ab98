import CLinux
import FastCGI
import Foundation
import OrderServiceTesting
import Synchronization
import Testing
import Web

/// The tests that run a server on real sockets, one after the other.
@Suite("FastCGI over sockets", .serialized)
enum SocketTests {}

/// An application made of a closure.
struct ClosureApplication: Application {
    let body: @Sendable (Request) -> Step

    func start(_ request: Request) -> Step { body(request) }

    /// Answers each request with its target.
    static let echo = ClosureApplication { request in
        .answer(Response(.ok, body: Array(request.parameters[.requestURI] ?? [])))
    }
}

/// A server on a socket file of its own, stopped when the test is over.
final class ServerFixture {
    let server: Server
    let directory: String

    init(
        _ application: some Application = ClosureApplication.echo,
        workers: Int = 2,
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        directory = try Self.makeDirectory()
        let address = ListenAddress.unix(path: directory + "/socket")
        var configuration = ServerConfiguration(listeners: [address], workers: workers)
        configure(&configuration)
        server = try Server(configuration, application: application)
        try server.start()
    }

    deinit {
        server.stop(grace: .seconds(1))
        try? FileManager.default.removeItem(atPath: directory)
    }

    static func makeDirectory() throws -> String {
        let directory = NSTemporaryDirectory() + "fastcgi-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        return directory
    }

    func connect() throws -> FastCGIClient {
        try FastCGIClient(to: server.addresses[0])
    }

    /// Waits until the statistics are as expected; false if they are not within five seconds.
    func eventually(_ isExpected: (ServerStatistics) -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            if isExpected(server.statistics) { return true }
            sched_yield()
        }
        return false
    }
}

/// Runs a blocking body on a thread of its own, so that it does not hold one of the few threads
/// that all tests share.
func onOwnThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result(catching: body)) }.start()
    }
}

/// Runs a blocking body on a thread of its own and does not wait for it.
func onThread(_ body: @escaping @Sendable () -> Void) {
    Thread { body() }.start()
}

/// Runs a body on so many threads at once and waits for all.
func runOnThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for number in 0..<count {
        group.enter()
        onThread {
            body(number)
            group.leave()
        }
    }
    group.wait()
}

/// Holds threads up until it is opened, for good.
final class Turnstile: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }

    func wait() {
        semaphore.wait()
        semaphore.signal()
    }
}

/// A value that two threads of a test share.
final class Box<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) {
        content = Mutex(value)
    }

    var value: Value {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }
}

/// Leaves a socket file behind that nobody listens on any more.
func leaveStaleSocket(at path: String) throws {
    let server = try ServerFixture()
    try FileManager.default.moveItem(atPath: server.directory + "/socket", toPath: path)
}
