import MariaDB
import OrderServiceTesting
import Resilience
import Synchronization
import Web

/// Orders that are changed and looked up at once, and how new each answer has to be.
///
/// Guests' orders by token; so that histories are looked up as well, they are given to customers.
final class CoherenceScene: Sendable {
    struct Subject: Sendable {
        let id: Int64
        let customer: Int
        let guestToken: String
        let payment: HTTPCall?
    }

    static let customers = 5
    static let ordersEach = 10

    let stack: StackUnderTest
    let subjects: [Subject]
    /// A session of each customer.
    let sessions: [String]
    /// Of each order, the version that somebody was told is written, or an earlier one.
    private let floors: [FloorVersion]
    private let violations = Mutex<[String]>([])
    let isOver = Atomic(false)
    let reads = Atomic(0)
    let writes = Atomic(0)

    /// A version that only grows.
    private final class FloorVersion: Sendable {
        let value = Atomic<Int64>(0)
    }

    init(_ stack: StackUnderTest) throws {
        self.stack = stack
        try stack.stockUp()
        let shopper = stack.shopper()
        let count = Self.customers * Self.ordersEach
        subjects = try (0..<count).map { number in
            let order = try shopper.complete(shopper.prepare())
            return Subject(
                id: order.id,
                customer: number % Self.customers,
                guestToken: order.guestToken,
                payment: order.confirmation
            )
        }
        floors = subjects.map { _ in FloorVersion() }
        sessions = try (0..<Self.customers).map { customer in
            let call = HTTPCall.json(
                "POST",
                "/v1/sessions",
                ["userId": .string("c\(customer)"), "roles": ["customer"], "ttlSeconds": 3_600],
                token: stack.value("SERVICE_TOKEN")
            )
            return try shopper.expect(201, call).json?["token"]?.string ?? ""
        }
        try giveAway()
    }

    /// Makes the orders the customers'.
    private func giveAway() throws {
        let database = stack.openDatabase()
        defer { database.close() }
        let deadline = Deadline.after(.seconds(30))
        for customer in 0..<Self.customers {
            let own = subjects.filter { $0.customer == customer }
            try database.execute(
                """
                INSERT INTO customers (user_id, orders_count)
                VALUES (\("c\(customer)"), \(own.count))
                """,
                until: deadline
            )
            for (place, subject) in own.enumerated() {
                try database.execute(
                    """
                    UPDATE orders SET user_id = \("c\(customer)"), user_seq = \(place + 1)
                    WHERE id = \(subject.id)
                    """,
                    until: deadline
                )
            }
        }
    }

    func floor(of number: Int) -> Int64 {
        floors[number].value.load(ordering: .sequentiallyConsistent)
    }

    /// From here on every look-up that begins has to show this version, or a later one.
    func raiseFloor(of number: Int, to version: Int64) {
        floors[number].value.max(version, ordering: .sequentiallyConsistent)
        writes.add(1, ordering: .relaxed)
    }

    func complain(_ text: String) {
        violations.withLock { $0.append(text) }
    }

    /// Complains of an answer that nobody should have got, with what was logged about it.
    func complain(of answer: FastCGIClient.Answer, to what: String) {
        let requestID = (try? JSON(parsing: answer.body))?["requestId"]?.string
        let logged = requestID.map { stack.logged(by: "orderd-serve", about: $0) } ?? []
        complain(([what, "\(answer.status)", answer.text] + logged).joined(separator: " "))
    }

    var complaints: [String] { violations.withLock { $0 } }
}
