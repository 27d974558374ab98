import Foundation
import OrderServiceTesting
import Web

/// Looks up orders and completes checkouts at a fixed rate while somebody else makes Stripe and
/// the shop's services fail: `faultload LOOKUPS CHECKOUTS SECONDS`, both a second, in the
/// environment of the stack's `env`.
///
/// It makes everything ready, for so many seconds of load, and says `ready`. Then each line on its
/// standard input leads on: the first starts the look-ups, the second the checkouts as well, the
/// third says that all is well again, the fourth ends it. At last it prints one line of JSON with
/// all samples, their times counted from the second line.
@main
enum FaultLoad {
    private static let clients = (lookUps: 8, checkouts: 24)

    static func main() {
        do {
            try run()
        } catch {
            print("faultload: \(error)")
            exit(1)
        }
    }

    private static func run() throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let environment = ProcessInfo.processInfo.environment
        guard arguments.count == 3, arguments.allSatisfy({ $0 > 0 }),
            let port = environment["BASE_URL"]?.split(separator: ":").last.flatMap({ UInt16($0) })
        else {
            print("usage: faultload LOOKUPS CHECKOUTS SECONDS, in the environment of .run/env")
            exit(2)
        }
        let (lookUpRate, checkoutRate, seconds) = (arguments[0], arguments[1], arguments[2])
        let shop = try FaultyShop(port, checkouts: checkoutRate * seconds)
        say("ready")
        _ = readLine()

        let lookUps = Pace(lookUpRate, from: .now)
        let visitors = Load(clients: clients.lookUps, port: port) { client in
            let due = lookUps.waitForNext()
            try shop.lookUp(client.connection, since: due)
        }
        _ = readLine()
        let start = ContinuousClock.now
        let checkouts = Pace(checkoutRate, from: start)
        let buyers = Load(clients: clients.checkouts, port: port) { client in
            checkouts.waitForNext()
            try shop.complete(client.connection)
        }
        _ = readLine()
        let end = ContinuousClock.now
        _ = readLine()
        visitors.stop()
        buyers.stop()
        let seen = [try visitors.join(), try buyers.join()]

        let samples = shop.samples
        let result: JSON = [
            "connections": [
                "lookUps": JSON(clients.lookUps), "checkouts": JSON(clients.checkouts),
            ],
            "faultSeconds": .number(milliseconds(end - start) / 1_000),
            "lookUps": .array(samples.lookUps.map { $0.json(since: start) }),
            "checkouts": .array(samples.checkouts.map { $0.json(since: start) }),
            "failures": .array(
                seen.flatMap(\.failures).map { failure in
                    [
                        "at": .number(milliseconds(failure.at - start)),
                        "text": .string(failure.description),
                    ]
                }
            ),
        ]
        say(String(decoding: result.serialized(), as: UTF8.self))
    }

    static func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }

    /// Not by `print`, whose buffer would keep it back: somebody waits for the line.
    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
