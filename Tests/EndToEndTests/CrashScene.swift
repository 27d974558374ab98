import Foundation
import MariaDB
import OrderServiceTesting
import Resilience
import Web

/// A stack whose `serve` and `worker` are killed and started again, order after order.
final class CrashScene {
    static let sku = "CAFEA-250"
    static let soldOut = "GATA-1"
    static let stock: Int64 = 1_000_000

    let stack: StackUnderTest
    let database: Database
    private var processes: [OrderdProcess.Command: OrderdProcess] = [:]

    /// The longest wait for anything.
    static let patience = Duration.seconds(60)

    /// Starts the stack with these settings beside its usual ones.
    init(settings: [String: String]) throws {
        stack = try StackUnderTest(settings: settings)
        database = stack.openDatabase()
        try stack.stockUp(sku: Self.sku)
        let empty: JSON = [
            "sku": .string(Self.soldOut), "name": "Gata", "price": 1_000, "vatRate": 21, "stock": 0,
        ]
        try stack.simulate(.json("PUT", "/products", ["products": [empty]]))
        for part in [StackUnderTest.Part.serve, .worker] { try stack.stop(part) }
        try heal()
    }

    deinit {
        for process in processes.values { process.kill() }
        database.close()
    }

    // MARK: Processes

    /// Kills a process if it runs, and starts it anew; `serve` answers when this returns.
    func start(_ command: OrderdProcess.Command, dyingAt crashPoint: String? = nil) throws {
        kill(command)
        processes[command] = try OrderdProcess(command, in: stack, dyingAt: crashPoint)
        guard command == .serve else { return }
        try wait("serve answers", every: .milliseconds(5)) {
            (try? stack.connect().send(.get("/health/live")).status) == 200
        }
    }

    func kill(_ command: OrderdProcess.Command) {
        processes.removeValue(forKey: command)?.kill()
    }

    func hasDied(_ command: OrderdProcess.Command) -> Bool {
        processes[command]?.hasEnded ?? true
    }

    /// Starts what does not run, and lets the other services be well.
    func heal() throws {
        try stack.removeFaults()
        for command in OrderdProcess.Command.allCases where hasDied(command) {
            try start(command)
        }
    }

    // MARK: Other services

    /// Lets a route of the stand-ins misbehave.
    func addFault(_ route: String, _ kind: String, _ more: [(String, JSON)] = []) throws {
        let members = [("match", JSON.string(route)), ("kind", JSON.string(kind))] + more
        try stack.simulate(.json("POST", "/_faults", .object(members)))
    }

    /// Whether a request is held by a fault now.
    func isHolding() throws -> Bool {
        (try stack.simulate(.get("/_faults")).json?["held"]?.integer ?? 0) > 0
    }

    func pauseWebhooks(_ isPaused: Bool) throws {
        try stack.simulate(.json("POST", "/_webhooks", ["paused": .bool(isPaused)]))
    }

    /// The payer's browser charges the card.
    func pay(_ secret: String?) throws {
        guard let call = PlacedOrder.confirmation(of: secret) else {
            throw TooLate("there is no client secret")
        }
        try stack.simulate(call)
    }

    /// Somebody cancels an intent at the provider's dashboard.
    func cancelAtProvider(_ secret: String?) throws {
        guard let id = secret?.split(separator: "_secret").first else { return }
        let call = HTTPCall(
            "POST",
            "/stripe/v1/payment_intents/\(id)/cancel",
            fields: [("Authorization", "Bearer \(try stack.setting("STRIPE_SECRET_KEY"))")]
        )
        try stack.simulate(call)
    }

    // MARK: Customers

    /// Sends a request of a customer's until it is answered with one of `statuses`.
    func insist(on statuses: [Int], _ call: HTTPCall) throws -> HTTPAnswer {
        try stack.connect().insist(on: statuses, call, for: Self.patience)
    }

    /// Waits for something that the worker or another service does.
    func wait(
        _ what: String,
        every pause: Duration = .milliseconds(10),
        _ condition: () throws -> Bool
    ) throws {
        guard try eventually(within: Self.patience, every: pause, condition) else {
            throw TooLate("not in time: \(what)")
        }
    }

    // MARK: The record

    /// The order of a checkout with its status, its payment's and its reservation's; nil if there
    /// is none.
    func order(of checkout: String) throws -> (id: Int64, state: String)? {
        let rows = try database.query(
            """
            SELECT o.id, CONCAT_WS(' ', o.status, o.payment_status,
                (SELECT status FROM reservations r WHERE r.order_id = o.id)) AS state
            FROM orders o WHERE o.checkout_session_id = \(checkout) AND o.closing IS NULL
            """,
            until: .after(.seconds(10))
        )
        return try rows.first.map { (try $0.int64("id"), try $0.string("state")) }
    }

    /// The review that an order waits for; nil if it waits for none.
    func review(of checkout: String) throws -> Int64? {
        try database.query(
            """
            SELECT r.id FROM fraud_reviews r JOIN orders o ON o.id = r.order_id
            WHERE o.checkout_session_id = \(checkout) AND r.status = 'waiting'
            """,
            until: .after(.seconds(10))
        ).first?.int64("id")
    }

    /// Lets the time be over in which somebody could have looked at an order.
    func endReviewTime(of checkout: String) throws {
        try database.execute(
            """
            UPDATE fraud_reviews SET due_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND
            WHERE order_id = (SELECT id FROM orders WHERE checkout_session_id = \(checkout))
            """,
            until: .after(.seconds(10))
        )
    }

    /// Makes a task of an order due now.
    func hasten(_ task: String, of checkout: String) throws {
        try database.execute(
            """
            UPDATE outbox SET next_attempt_at = UTC_TIMESTAMP(6)
            WHERE channel = 'task' AND topic = \(task) AND next_attempt_at IS NOT NULL
                AND order_id = (SELECT id FROM orders WHERE checkout_session_id = \(checkout))
            """,
            until: .after(.seconds(10))
        )
    }

    /// Lets an order's payment deadline be over.
    func expire(_ checkout: String) throws {
        try database.execute(
            """
            UPDATE orders SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND
            WHERE checkout_session_id = \(checkout)
            """,
            until: .after(.seconds(10))
        )
    }
}
