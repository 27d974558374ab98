import Commerce
import MariaDB

/// The orders of the demo data one after another, oldest first; any number in constant memory.
struct SeedOrders: Sendable {
    private static let span = Duration.seconds(548 * 86_400)
    private static let underWay = Duration.seconds(8 * 86_400)
    private static let recent = Duration.seconds(2 * 86_400)
    /// The last order is so old, so that something can have become of it.
    private static let youngest = Duration.seconds(600)
    /// How long orders that wait for a payment go on waiting, so that a demo keeps them.
    private static let openLife = Duration.seconds(7 * 86_400)

    private static let carriers = ["Sameday", "FAN Courier", "Cargus", "Poșta Română"]

    private let people: SeedPeople
    private let products: [SeedProduct]
    private let methods: [ShippingMethod]
    private let now: Timestamp
    private let periods: [SeedPeriod]
    private let numbers: SeedShuffle
    private var random: SeedRandom
    private var position = 0
    /// The orders of each customer so far.
    private(set) var counts: [Int64]

    /// - Parameters:
    ///   - count: how many orders.
    ///   - people: who buys; needs two customers.
    ///   - catalogue: what there is to buy.
    ///   - methods: how it is sent.
    ///   - now: the time at which the last order was placed.
    ///   - seed: the same seed makes the same orders.
    init(
        count: Int,
        people: SeedPeople,
        catalogue: SeedCatalogue,
        methods: ShippingMethods,
        now: Timestamp,
        seed: UInt64
    ) {
        self.people = people
        products = catalogue.products
        self.methods = methods.all
        self.now = now
        numbers = SeedShuffle(seed: seed)
        random = SeedRandom(seed: seed, sequence: 1)
        counts = Array(repeating: 0, count: people.customers.count)
        periods = Self.periods(count: count, now: now)
    }

    /// The recent days have orders of every story that is still going on, however few there are.
    private static func periods(count: Int, now: Timestamp) -> [SeedPeriod] {
        let recentCount = min(count, max(SeedPeriod.stories(.recent).count, count / 100))
        let underWayCount = min(
            count - recentCount,
            max(SeedPeriod.stories(.underWay).count, count / 80)
        )
        let oldCount = count - recentCount - underWayCount
        let ends = [now - underWay, now - recent, now - youngest]
        return [
            SeedPeriod(.old, first: 0, count: oldCount, from: now - span, to: ends[0]),
            SeedPeriod(
                .underWay,
                first: oldCount,
                count: underWayCount,
                from: ends[0],
                to: ends[1]
            ),
            SeedPeriod(
                .recent,
                first: oldCount + underWayCount,
                count: recentCount,
                from: ends[1],
                to: ends[2]
            ),
        ]
    }

    /// The next order; nil after the last.
    mutating func next() throws -> SeedOrder? {
        guard let period = periods.first(where: { $0.contains(position) }) else { return nil }
        let ordinal = position - period.first
        position += 1
        let story = period.story(ordinal, &random)
        let placedAt = period.time(ordinal, &random)
        let purchase = try purchase(story, placedAt, buyer(ordinal, of: period))
        let payment = story.isFree ? nil : makePayment(story, placedAt)
        let carrier = random.element(of: Self.carriers)
        let shipment = SeedOrder.Shipment(
            id: purchase.id,
            carrier: purchase.shipping.price.minor > 0 ? carrier : nil,
            trackingNumber: "RO\(random.number(in: 100_000_000...999_999_999))"
        )
        var order = SeedOrder(purchase, story, payment: payment, shipment: shipment)
        try order.tell(until: now, openUntil: now + Self.openLife, &random)
        return order
    }

    /// The first customer has an order of every story, the second one of every period at least.
    private mutating func buyer(_ ordinal: Int, of period: SeedPeriod) -> Int? {
        let isGuest = random.happens(percent: 25)
        let index = people.index(&random)
        if ordinal < period.stories.count { return 0 }
        if ordinal == period.stories.count { return 1 }
        return isGuest ? nil : index
    }

    private mutating func purchase(
        _ story: SeedStory,
        _ placedAt: Timestamp,
        _ customer: Int?
    ) throws -> SeedOrder.Purchase {
        let person: SeedPerson
        if let customer {
            counts[customer] += 1
            person = people.customers[customer]
        } else {
            person = SeedPeople.guest(&random)
        }
        let method =
            story.isFree
            ? methods.first { $0.price.minor == 0 } ?? Self.pickup : random.element(of: methods)
        let lines = try lines(isFree: story.isFree)
        return SeedOrder.Purchase(
            id: Int64(position),
            number: OrderNumber(random: numbers[UInt64(position)]),
            checkoutSessionID: "\(SeedOrder.sessionPrefix)\(random.token(24))",
            person: person,
            userSeq: customer.map { counts[$0] },
            lines: lines,
            shipping: method,
            totals: try Totals(lines: lines, shipping: method, currency: .ron),
            placedAt: placedAt
        )
    }

    /// For a shop whose methods all cost something.
    private static let pickup = ShippingMethod(
        id: "pickup",
        name: "Ridicare din magazin",
        price: .zero(.ron),
        vatRate: .standard,
        freeFrom: nil
    )

    private mutating func lines(isFree: Bool) throws -> [Line] {
        if isFree { return [try Self.line(SeedCatalogue.sample, 1)] }
        let wanted = 1 + min(random.index(below: 5), random.index(below: 5))
        var chosen: [Int] = []
        for _ in 0..<wanted {
            let product = random.index(below: products.count)
            if !chosen.contains(product) { chosen.append(product) }
        }
        return try chosen.map { product in
            let quantity = 1 + min(random.index(below: 4), random.index(below: 4))
            return try Self.line(products[product], quantity)
        }
    }

    private static func line(_ product: SeedProduct, _ quantity: Int) throws -> Line {
        try Line(
            sku: product.sku,
            name: product.name,
            quantity: quantity,
            unitPrice: product.price,
            vatRate: product.vatRate
        )
    }

    private mutating func makePayment(
        _ story: SeedStory,
        _ placedAt: Timestamp
    ) -> SeedOrder.Payment {
        SeedOrder.Payment(
            id: Int64(position),
            publicID: "pay_\(random.token(22))",
            intentID: "pi_3S\(random.token(22))",
            status: PaymentStatus(first: story.method),
            updatedAt: placedAt
        )
    }
}

/// A part of the demo data's time, with the stories that fit its age.
struct SeedPeriod: Sendable {
    /// Those that come at least once.
    let stories: [SeedStory]
    let first: Int
    private let count: Int
    private let start: Int64
    private let slot: Int64
    private let choices: [(upTo: Int, story: SeedStory)]

    init(_ age: SeedStory.Age, first: Int, count: Int, from start: Timestamp, to end: Timestamp) {
        stories = Self.stories(age)
        self.first = first
        self.count = count
        self.start = start.microseconds
        slot = max(1, (end.microseconds - start.microseconds) / Int64(max(1, count)))
        var sum = 0
        choices = SeedStory.all.compactMap { story in
            let weight = story.weights[age.rawValue]
            sum += weight
            return weight > 0 ? (sum, story) : nil
        }
    }

    static func stories(_ age: SeedStory.Age) -> [SeedStory] {
        SeedStory.all.filter { $0.home == age }
    }

    func contains(_ position: Int) -> Bool {
        (first..<first + count).contains(position)
    }

    func story(_ ordinal: Int, _ random: inout SeedRandom) -> SeedStory {
        let drawn = random.index(below: choices.last?.upTo ?? 1)
        if ordinal < stories.count { return stories[ordinal] }
        return choices.first { drawn < $0.upTo }?.story ?? stories[0]
    }

    /// Later for each order than for the one before.
    func time(_ ordinal: Int, _ random: inout SeedRandom) -> Timestamp {
        let start = start + Int64(ordinal) * slot
        return Timestamp(microseconds: start + random.number(in: 0...slot - 1))
    }
}
