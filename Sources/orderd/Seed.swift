import ArgumentParser
import FoundationEssentials
import Glibc
import MariaDB
import OrderService
import Resilience

/// `orderd seed`: demo data for an empty database and the stand-ins.
struct Seed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill an empty database and the stand-ins with demo data.",
        discussion: """
            Loads products, customers and carts into ordersim, and writes orders of the last 18 \
            months in all states. The same options make the same data. A database that has \
            orders is left as it is: exit code 1, or 0 with --if-empty. Orders are written all \
            or none. Refuses to run where STRIPE_API_BASE is Stripe's own.
            """
    )

    @Option(help: "How many orders.")
    var orders = 20_000

    @Option(help: "How many customers; their ids count from 1001.")
    var customers = 200

    @Option(help: "How many products.")
    var products = 300

    @Option(help: "Other numbers make other data.")
    var seed: UInt64 = 1

    @Option(
        help: """
            The time that the data are of, such as 2026-03-01T12:00:00Z; now, cut to the hour, \
            unless given.
            """
    )
    var now: String?

    @Flag(help: "Where there are orders, only load the stand-ins, which forget at a restart.")
    var ifEmpty = false

    @Flag(help: "Print errors only.")
    var quiet = false

    func validate() throws {
        for (name, value, range) in [
            ("orders", orders, Seeding.Choice.orderCounts),
            ("customers", customers, Seeding.Choice.customerCounts),
            ("products", products, Seeding.Choice.productCounts),
        ] where !range.contains(value) {
            throw ValidationError(
                "--\(name) is not within \(range.lowerBound) and \(range.upperBound)"
            )
        }
        guard time != nil else { throw ValidationError("--now is no time of RFC 3339") }
    }

    private var time: Timestamp? {
        guard let now else { return Timestamp(seconds: Timestamp.now.seconds / 3_600 * 3_600) }
        guard let date = try? Date(now, strategy: .iso8601) else { return nil }
        return Timestamp(seconds: Int64(date.timeIntervalSince1970))
    }

    func run() throws {
        guard let time else { throw ExitCode.failure }
        let services = try Startup.services()
        defer { services.close() }
        let seeding = try Startup.orFail {
            try Seeding(
                Seeding.Choice(
                    orders: orders,
                    customers: customers,
                    products: products,
                    seed: seed,
                    now: time
                ),
                services: services
            )
        }
        try Startup.checkSchema(services)
        let isEmpty = try Startup.orFail { try seeding.isEmpty(until: .after(Startup.patience)) }
        guard isEmpty || ifEmpty else {
            printError("the database has orders already; nothing was written")
            throw ExitCode.failure
        }
        try Startup.orFail { try seeding.loadStandIns(until: .after(.seconds(60))) }
        guard isEmpty else { return }
        let progress = ProgressLine(total: orders, isQuiet: quiet)
        try Startup.orFail {
            defer { progress.clear() }
            try seeding.writeOrders(until: .after(.seconds(86_400)), progress: progress.show)
        }
        progress.finish("\(products) products, \(customers) customers, \(orders) orders")
    }
}

/// A bar on standard error while it is a terminal, and one line at the end in any case.
private struct ProgressLine {
    private static let width = 40

    let total: Int
    let isQuiet: Bool
    private let start = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1

    init(total: Int, isQuiet: Bool) {
        self.total = total
        self.isQuiet = isQuiet
    }

    func show(_ done: Int) {
        guard isTerminal, !isQuiet, total > 0 else { return }
        let filled = Self.width * done / total
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: " ", count: Self.width - filled)
        put("\r[\(bar)] \(done)/\(total) orders")
    }

    func clear() {
        guard isTerminal, !isQuiet else { return }
        put("\r\u{1B}[K")
    }

    func finish(_ text: String) {
        guard !isQuiet else { return }
        let milliseconds = (ContinuousClock.now - start).wholeMilliseconds
        put("wrote \(text) in \(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s\n")
    }

    private func put(_ text: String) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
