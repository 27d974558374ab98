package import MariaDB
package import Resilience

/// Fills an empty database and the stand-ins with demo data.
package struct Seeding: Sendable {
    /// What is made; the same choice makes the same data.
    package struct Choice: Sendable {
        package static let orderCounts = 0...100_000_000
        package static let customerCounts = 2...100_000
        package static let productCounts = 10...SeedCatalogue.capacity

        package var orders: Int
        package var customers: Int
        package var products: Int
        package var seed: UInt64
        /// The time that the data are of; nothing in them happened later.
        package var now: Timestamp

        package init(orders: Int, customers: Int, products: Int, seed: UInt64, now: Timestamp) {
            self.orders = orders
            self.customers = customers
            self.products = products
            self.seed = seed
            self.now = now
        }
    }

    /// Stripe's own address is set, so this is no place for demo data.
    package struct IsProduction: Error, CustomStringConvertible {
        package var description: String {
            "STRIPE_API_BASE is Stripe's own; demo data are for stand-ins only"
        }
    }

    private let services: Services
    private let choice: Choice
    private let catalogue: SeedCatalogue
    private let people: SeedPeople

    /// Prepares the data; connects to nothing yet.
    ///
    /// - Throws: `IsProduction`.
    package init(_ choice: Choice, services: Services) throws(IsProduction) {
        guard !Self.isStripe(services.settings.stripe.apiBase) else { throw IsProduction() }
        self.services = services
        self.choice = choice
        catalogue = SeedCatalogue(count: choice.products)
        people = SeedPeople(customers: choice.customers, seed: choice.seed)
    }

    /// Whether the database has no orders yet, so that demo orders can be written.
    package func isEmpty(until deadline: Deadline) throws -> Bool {
        try !SeedWriter(database: services.database).hasOrders(until: deadline)
    }

    /// Loads products, customers and carts into the stand-ins, as often as wanted.
    package func loadStandIns(until deadline: Deadline) throws {
        let standIn = SeedStandIn(services.settings.upstreams)
        try standIn.load(catalogue, until: deadline)
        try standIn.load(people, buying: catalogue, seed: choice.seed, until: deadline)
    }

    /// Writes the orders, all or none; blocks until they are committed.
    ///
    /// - Parameters:
    ///   - deadline: by which they are.
    ///   - progress: told now and then how many orders are sent.
    /// - Throws: one line why not, `MariaDBError`.
    package func writeOrders(until deadline: Deadline, progress: (Int) -> Void) throws {
        let orders = SeedOrders(
            count: choice.orders,
            people: people,
            catalogue: catalogue,
            methods: services.shippingMethods,
            now: choice.now,
            seed: choice.seed
        )
        try SeedWriter(database: services.database).write(
            orders,
            of: people,
            with: SeedInvoices(
                drafting: InvoiceDrafting(invoicing: services.settings.invoicing),
                orders: choice.orders,
                now: choice.now,
                seed: choice.seed
            ),
            until: deadline,
            progress: progress
        )
    }

    /// Whether a URL's host is Stripe's.
    static func isStripe(_ url: String) -> Bool {
        let afterScheme =
            url.lowercased().split(separator: "/", omittingEmptySubsequences: true)
            .dropFirst().first ?? ""
        let host = afterScheme.split(separator: "@").last?.split(separator: ":").first ?? ""
        return host == "stripe.com" || host.hasSuffix(".stripe.com")
            || host.hasSuffix(".stripe.com.")
    }
}
