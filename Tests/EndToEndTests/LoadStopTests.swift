import Foundation
import OrderServiceTesting
import Testing

extension WholeStackTests {
    @Suite("Stop under load")
    struct LoadStopTests {
        @Test("answers what is in flight and exits with 0")
        func stop() async throws {
            try await onOwnThread {
                let stack = try StackUnderTest()
                let orders = try OrderShelf(10, in: stack)
                // The test's own child in place of the script's, so that its end can be seen.
                try stack.stop(.serve)
                let serve = try ServeProcess(in: stack)
                defer { serve.kill() }
                try #require(eventually { try stack.isServing() })

                let shopper = stack.shopper()
                let checkouts = try (0..<10).map { _ in try shopper.prepare() }
                try stack.delay("POST /stripe/v1/payment_intents", milliseconds: 3_000)
                let slow = Load(clients: 10, port: stack.port, limit: 10) { client in
                    _ = try Shopper(client.connection).complete(checkouts[client.number])
                }
                let lookUps = Load(clients: 32, port: stack.port) { client in
                    try orders.lookUp(client)
                }
                // All ten wait for Stripe by then.
                try #require(
                    eventually {
                        try stack.metric("orderd_lanes_busy") >= 10
                    }
                )
                let start = ContinuousClock.now
                serve.terminate()
                #expect(try serve.exitStatus() == 0)
                let duration = ContinuousClock.now - start
                #expect(duration < .seconds(20), "the grace time")

                let completed = try slow.join()
                #expect(completed.complaints == [])
                #expect(completed.answered == 10)
                lookUps.stop()
                let seen = try lookUps.join()
                #expect(seen.failures.allSatisfy { $0.at >= start })
                // Nobody is left without an answer: what the service does not take any more, nginx
                // refuses with a problem of its own.
                let strangers = seen.failures.map(\.description).filter {
                    !$0.contains(": 503 ") || !$0.contains(#""code":"dependency_unavailable""#)
                }
                #expect(strangers.prefix(5) == [])
            }
        }
    }
}

/// `orderd serve` of a stack, run by the test itself.
private final class ServeProcess {
    private let shell: ChildProcess
    private let process: pid_t

    /// Starts it with the settings of the stack.
    init(in stack: StackUnderTest) throws {
        let script = """
            set -a; . "$1/settings"; set +a
            "$2" serve 2>>"$1/log/orderd-serve.log" & echo "pid $!"
            wait $!; echo "status $?"
            """
        shell = try ChildProcess(
            "/usr/bin/env",
            stack.settings
                + ["/bin/bash", "-c", script, "bash", stack.runDirectory, StackUnderTest.orderd]
        )
        process =
            try shell.line(containing: "pid ").split(separator: " ").last
            .flatMap { pid_t($0) } ?? 0
    }

    func terminate() { Glibc.kill(process, SIGTERM) }

    func kill() { if process > 0 { Glibc.kill(process, SIGKILL) } }

    /// Waits until it has ended.
    func exitStatus() throws -> Int {
        try shell.line(containing: "status ").split(separator: " ").last.flatMap { Int($0) } ?? -1
    }
}

extension StackUnderTest {
    func isServing() throws -> Bool {
        try connect().send(.get("/health/live")).status == 200
    }
}
