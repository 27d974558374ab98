import Curl
import Resilience
import Web

/// Loads products and customers into the stand-ins of product-service and user-service.
struct SeedStandIn: Sendable {
    /// The service does not take what a stand-in would.
    struct Refused: Error, CustomStringConvertible {
        let url: String
        let reason: String

        var description: String { "\(url) takes no demo data (\(reason)); is it ordersim?" }
    }

    private static let productsOfOneCall = 1_000

    let productServiceURL: String
    let userServiceURL: String
    private let client = HTTPClient()

    init(_ settings: Settings.Upstreams) {
        productServiceURL = settings.productServiceURL
        userServiceURL = settings.userServiceURL
    }

    /// Loads the catalogue; what the service has beside it stays.
    func load(_ catalogue: SeedCatalogue, until deadline: Deadline) throws(Refused) {
        var rest = catalogue.all[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.productsOfOneCall)
            try put(
                "\(productServiceURL)/products",
                ["products": .array(part.map(\.json))],
                until: deadline
            )
            rest = rest.dropFirst(part.count)
        }
    }

    /// Loads the customers' profiles, and a cart for every second of them and the first two.
    func load(
        _ people: SeedPeople,
        buying catalogue: SeedCatalogue,
        seed: UInt64,
        until deadline: Deadline
    ) throws(Refused) {
        var random = SeedRandom(seed: seed, sequence: 2)
        for (index, person) in people.customers.enumerated() {
            guard let id = person.userID else { continue }
            let url = "\(userServiceURL)/users/\(PercentEncoding.encode(id))"
            try put(url, person.profile, until: deadline)
            let items = cart(catalogue, &random)
            guard index < 2 || index.isMultiple(of: 2) else { continue }
            try put("\(url)/cart", ["items": .array(items)], until: deadline)
        }
    }

    private func cart(_ catalogue: SeedCatalogue, _ random: inout SeedRandom) -> [JSON] {
        let first = random.index(below: catalogue.products.count)
        return (0..<1 + random.index(below: 3)).map { offset in
            let product = catalogue.products[(first + offset) % catalogue.products.count]
            return ["sku": .string(product.sku), "quantity": .integer(random.number(in: 1...2))]
        }
    }

    private func put(
        _ url: String,
        _ body: JSON,
        until deadline: Deadline
    ) throws(Refused) {
        let request = HTTPRequest(
            method: .put,
            url: url,
            headers: ["Content-Type": "application/json"],
            body: body.serialized()
        )
        switch client.perform(request, until: deadline) {
        case .executed(let answer):
            guard answer.status == 200 else {
                throw Refused(url: url, reason: "status \(answer.status)")
            }
        case .notExecuted(let error), .unknown(let error):
            throw Refused(url: url, reason: "\(error.label)")
        }
    }
}
