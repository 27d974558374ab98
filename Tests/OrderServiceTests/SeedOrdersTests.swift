import Commerce
import MariaDB
import Testing

@testable import OrderService

@Suite("Demo orders")
struct SeedOrdersTests {
    private static let now = Timestamp(seconds: 1_790_000_000)

    private static func rows(_ count: Int, seed: UInt64) throws -> [SeedRow] {
        var orders = SeedOrders.sample(count, seed: seed)
        var rows: [SeedRow] = []
        while let order = try orders.next() { rows += order.rows }
        return rows
    }

    @Test("are the same for the same seed, and others for another")
    func isDeterministic() throws {
        let rows = try Self.rows(400, seed: 7)
        #expect(try Self.rows(400, seed: 7) == rows)
        #expect(try Self.rows(400, seed: 8) != rows)
    }

    @Test("are as many as wanted, oldest first", arguments: [0, 1, 2, 13, 40, 2_000])
    func countsAndOrders(count: Int) throws {
        var orders = SeedOrders.sample(count)
        var last: Timestamp?
        var made = 0
        while let order = try orders.next() {
            if let last { #expect(order.purchase.placedAt > last) }
            last = order.purchase.placedAt
            made += 1
            #expect(order.purchase.id == Int64(made))
            #expect(order.updatedAt <= Self.now)
            #expect(order.updatedAt >= order.purchase.placedAt)
        }
        #expect(made == count)
    }

    @Test("have times that never go back")
    func timesAscend() throws {
        var orders = SeedOrders.sample(2_000)
        while let order = try orders.next() {
            let times = order.entries.map(\.at)
            #expect(times == times.sorted())
            #expect(order.entries.map(\.version) == order.entries.map(\.version).sorted())
            #expect(order.entries.last?.version == order.version)
        }
    }

    @Test("have every state that an order and its payment can have")
    func coversAllStates() throws {
        var orders = SeedOrders.sample(300)
        var statuses: Set<OrderStatus> = []
        var payments: Set<PaymentStatus> = []
        var reservations: Set<ReservationStatus> = []
        var ofFirstCustomer: Set<OrderStatus> = []
        while let order = try orders.next() {
            statuses.insert(order.status)
            payments.insert(order.payment?.status ?? .noneRequired)
            reservations.insert(order.reservation)
            if order.purchase.person.userID == "1001" { ofFirstCustomer.insert(order.status) }
        }
        #expect(statuses == Set(OrderStatus.allCases))
        #expect(payments == Set(PaymentStatus.allCases))
        #expect(reservations == Set(ReservationStatus.allCases))
        #expect(ofFirstCustomer == Set(OrderStatus.allCases))
    }

    @Test("are paid on delivery and by guests as often as in a Romanian shop")
    func sharesAreRight() throws {
        var orders = SeedOrders.sample(8_000)
        var cash = 0
        var guests = 0
        while let order = try orders.next() {
            if order.story.method == .cashOnDelivery { cash += 1 }
            if order.purchase.person.userID == nil { guests += 1 }
        }
        #expect((4_500...5_100).contains(cash))
        #expect((1_800...2_200).contains(guests))
    }

    @Test("have numbers of the right form that never repeat")
    func numbersAreUnique() {
        let shuffle = SeedShuffle(seed: 3)
        var seen: Set<UInt64> = []
        for number in 0..<50_000 as Range<UInt64> {
            let shuffled = shuffle[number]
            #expect(shuffled < 1 << 40)
            seen.insert(shuffled)
        }
        #expect(seen.count == 50_000)
        let text = OrderNumber(random: shuffle[1]).description
        #expect(OrderNumber(parsing: text)?.description == text)
    }
}

extension SeedInvoices {
    /// Those of `SeedOrders.sample`.
    static func sample(orders: Int, seed: UInt64 = 1) -> SeedInvoices {
        SeedInvoices(
            drafting: InvoiceDrafting(invoicing: .sample),
            orders: orders,
            now: Timestamp(seconds: 1_790_000_000),
            seed: seed
        )
    }
}

extension Settings.Invoicing {
    /// A seller who does not exist, with valid check digits.
    static let sample = Settings.Invoicing(
        seller: InvoiceParty(
            name: "Magazin Exemplu SRL",
            identity: CUI(parsing: "RO90123459").map { .vatPayer($0) } ?? .unidentifiedConsumer,
            tradeRegister: "J12/1234/2015",
            legalText: "Capital social 200 RON",
            address: Address(
                street: "Strada Exemplului nr. 10",
                city: "Cluj-Napoca",
                county: "RO-CJ",
                postalCode: "400001",
                country: "RO"
            )
        ),
        invoiceSeries: "MEX",
        creditNoteSeries: "MEXS"
    )
}

extension SeedOrders {
    /// Orders of 20 customers and 40 products, made at a fixed time.
    static func sample(_ count: Int, customers: Int = 20, seed: UInt64 = 1) -> SeedOrders {
        SeedOrders(
            count: count,
            people: SeedPeople(customers: customers, seed: seed),
            catalogue: SeedCatalogue(count: 40),
            methods: .builtIn,
            now: Timestamp(seconds: 1_790_000_000),
            seed: seed
        )
    }
}
