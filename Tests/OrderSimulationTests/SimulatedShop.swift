import OrderSimulation
import Synchronization
import Testing
import Web

/// The stand-ins in this process, with a clock that only the test moves and a mailbox that keeps
/// what it is given.
final class SimulatedShop: Sendable {
    /// An answer, read as JSON where it is JSON.
    struct Answer: Sendable {
        let response: Response
        var status: Int { response.status.rawValue }
        var json: JSON { (try? JSON(parsing: response.body)) ?? .null }
        subscript(_ name: String) -> JSON { json[name] ?? .null }
        var error: JSON { self["error"] }
        var isReplay: Bool { response.field("Idempotent-Replayed") == "true" }
    }

    private static let start: Int64 = 1_790_000_000_000

    let simulation: Simulation
    let received: Mailbox

    /// The webhooks that arrived, and whether the receiver is well.
    final class Mailbox: Sendable {
        private let state = Mutex((messages: [WebhookMessage](), isWell: true))

        func take(_ message: WebhookMessage) -> Bool {
            state.withLock { state in
                if state.isWell { state.messages.append(message) }
                return state.isWell
            }
        }

        func fail() { state.withLock { $0.isWell = false } }
        func recover() { state.withLock { $0.isWell = true } }
        var messages: [WebhookMessage] { state.withLock { $0.messages } }

        var types: [String] {
            messages.compactMap { (try? JSON(parsing: $0.body))?["type"]?.string }
        }
    }

    init(hasWebhooks: Bool = false) {
        let mailbox = Mailbox()
        received = mailbox
        var configuration = Simulation.Configuration(now: { Self.start })
        configuration.seed = 7
        if hasWebhooks { configuration.webhookURL = "http://127.0.0.1:1/hook" }
        simulation = Simulation(configuration, send: mailbox.take)
    }

    /// Sends a request whose answer comes at once.
    func send(
        _ method: Method,
        _ target: String,
        headers: [(name: String, value: String)] = [],
        _ body: String = ""
    ) throws -> Answer {
        let request = Request(method, target, headers: headers, body: Array(body.utf8))
        guard case .answer(let response) = simulation.start(request) else {
            throw Unanswered()
        }
        return Answer(response: response)
    }

    struct Unanswered: Error {}

    /// Sends a request and waits for its answer, however late.
    func sendAndWait(
        _ method: Method,
        _ target: String,
        headers: [(name: String, value: String)] = [],
        _ body: String = ""
    ) async -> Answer {
        let request = Request(method, target, headers: headers, body: Array(body.utf8))
        return await withCheckedContinuation { continuation in
            switch simulation.start(request) {
            case .answer(let response):
                continuation.resume(returning: Answer(response: response))
            case .handOver(let begin):
                begin { continuation.resume(returning: Answer(response: $0)) }
            }
        }
    }

    /// Calls Stripe with the secret key.
    func stripe(
        _ method: Method = .post,
        _ path: String,
        _ form: String = "",
        key: String? = nil,
        version: String? = nil
    ) throws -> Answer {
        try send(method, "/stripe/v1/" + path, headers: Self.headers(key, version), form)
    }

    static func headers(
        _ key: String? = nil,
        _ version: String? = nil
    ) -> [(name: String, value: String)] {
        var headers = [
            (name: "Authorization", value: "Bearer sk_test_sim"),
            (name: "Content-Type", value: "application/x-www-form-urlencoded"),
        ]
        if let key { headers.append(("Idempotency-Key", key)) }
        if let version { headers.append(("Stripe-Version", version)) }
        return headers
    }

    /// Creates a PaymentIntent and gives its id.
    func intent(_ form: String = "amount=5000&currency=ron") throws -> String {
        try #require(try stripe(.post, "payment_intents", form)["id"].string)
    }

    /// Creates and pays a PaymentIntent and gives its id.
    func paid(_ method: String = "pm_card_visa", amount: Int = 5_000) throws -> String {
        try intent("amount=\(amount)&currency=ron&payment_method=\(method)&confirm=true")
    }

    func advance(seconds: Int64) throws {
        _ = try send(.post, "/_clock", "{\"advanceSeconds\": \(seconds)}")
    }

    /// The types of all events, oldest first.
    func eventTypes() throws -> [String] {
        let list = try stripe(.get, "events?limit=100")["data"].array ?? []
        return list.compactMap { $0["type"]?.string }.reversed()
    }
}
