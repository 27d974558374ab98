import Foundation
import OrderServiceTesting
import Web

/// Sends mixed requests to a running stack and counts its answers: `orderload REQUESTS CLIENTS`,
/// in the environment of the stack's `env`.
///
/// Ends with 1 if an answer was not the expected one.
@main
enum OrderLoad {
    static func main() {
        do {
            try run()
        } catch {
            print("orderload: \(error)")
            exit(1)
        }
    }

    private static func run() throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard arguments.count == 2, let requests = arguments.first, let clients = arguments.last,
            let shop = try Shop(ProcessInfo.processInfo.environment)
        else {
            print("usage: orderload REQUESTS CLIENTS, in the environment of .run/env")
            exit(2)
        }
        // Not by `print`, whose buffer would keep it back: somebody waits for this line.
        let beginning = "\(requests) requests from \(clients) clients\n"
        FileHandle.standardOutput.write(Data(beginning.utf8))
        let start = ContinuousClock.now
        let load = Load(clients: clients, port: shop.port, limit: requests) { client in
            try shop.visit(client.connection)
        }
        let seen = try load.join(within: 4 * 3_600)
        report(seen, ContinuousClock.now - start)
        exit(seen.failures.isEmpty ? 0 : 1)
    }

    private static func report(_ seen: Tally, _ duration: Duration) {
        let perSecond = Double(seen.answered) / (duration / .seconds(1))
        print(
            """
            \(seen.answered) steps in \(duration), \(Int(perSecond)) a second
            p50 \(seen.percentile(50)), p99 \(seen.percentile(99)), slowest \(seen.slowest)
            \(seen.failures.count) failures
            """
        )
        for complaint in seen.complaints { print("  \(complaint)") }
    }
}
