import Foundation
import OrderServiceTesting
import Synchronization
import Testing
import Web

/// A way in which other services misbehave, as the stand-ins do it.
struct StandInFault: Sendable, CustomStringConvertible {
    let description: String
    let json: JSON
    /// Whether no call at all succeeds while it lasts.
    let isTotal: Bool

    /// What a status, a silence, a slowness, a lost connection and a broken answer do.
    static let all = [
        StandInFault("500", ["kind": "status", "status": 500]),
        StandInFault("hang", ["kind": "hold"]),
        StandInFault(
            "half late",
            ["kind": "delay", "delayMs": 3_000, "probability": .number(0.5)],
            isTotal: false
        ),
        StandInFault("lost", ["kind": "drop_before"]),
        StandInFault("garbage", ["kind": "garbage"]),
    ]

    private init(_ description: String, _ json: JSON, isTotal: Bool = true) {
        self.description = description
        self.json = json
        self.isTotal = isTotal
    }
}

/// What the answer to a completion said.
struct Completion: Sendable {
    let orderID: Int64
    let isDegraded: Bool
    let isOptimistic: Bool
    let duration: Duration

    /// Reads a 201; nil if it does not hold what it has to, or contradicts itself.
    fileprivate init?(_ answer: HTTPAnswer, _ duration: Duration) {
        guard answer.status == 201, let json = answer.json,
            let orderID = json["order"]?["id"]?.integer,
            let isDegraded = json["payment"]?["degraded"]?.bool,
            let isOptimistic = json["reservation"]?["optimistic"]?.bool,
            json["reservation"]?["requiresVerification"]?.bool == isOptimistic,
            // Either the secret, or when to come back for it.
            (json["payment"]?["clientSecret"]?.string == nil) == isDegraded,
            (json["payment"]?["next"]?["retryAfterSeconds"]?.integer != nil) == isDegraded
        else { return nil }
        self.orderID = orderID
        self.isDegraded = isDegraded
        self.isOptimistic = isOptimistic
        self.duration = duration
    }
}

/// Checkouts that were made ready while all was well, to be completed when it is not.
final class FaultyCheckouts: Sendable {
    private struct State {
        var ready: [ReadyCheckout] = []
        var completions: [Completion] = []
    }

    private let port: UInt16
    private let state = Mutex(State())

    /// None is left: the test has prepared too few.
    struct Exhausted: Error {}

    /// A checkout could not be made ready.
    struct Unprepared: Error {
        let description: String
    }

    init(_ stack: StackUnderTest) {
        port = stack.port
    }

    /// All that were completed so far, in no order.
    var completions: [Completion] { state.withLock { $0.completions } }

    /// Makes more ready until there are so many.
    func prepare(_ count: Int) throws {
        let missing = count - state.withLock { $0.ready.count }
        guard missing > 0 else { return }
        let load = Load(clients: 4, port: port, limit: missing) { client in
            let checkout = try Shopper(client.connection).prepare()
            self.state.withLock { $0.ready.append(checkout) }
        }
        if let complaint = try load.join().complaints.first {
            throw Unprepared(description: complaint)
        }
    }

    /// Completes the next one; it has to be answered with 201, whatever is away.
    @discardableResult
    func completeNext(_ connection: HTTPConnection) throws -> Completion {
        guard let checkout = state.withLock({ $0.ready.popLast() }) else { throw Exhausted() }
        let call = checkout.completion()
        let start = ContinuousClock.now
        let answer = try connection.send(call)
        guard let completion = Completion(answer, ContinuousClock.now - start) else {
            throw UnexpectedAnswer(call, answer)
        }
        state.withLock { $0.completions.append(completion) }
        return completion
    }

    /// Completes so many with several clients at once.
    ///
    /// - Returns: the answers.
    func complete(_ count: Int, clients: Int) throws -> [Completion] {
        let before = completions.count
        let load = Load(clients: clients, port: port, limit: count) { client in
            try self.completeNext(client.connection)
        }
        let seen = try load.join()
        #expect(seen.complaints == [])
        return Array(completions.dropFirst(before))
    }
}

extension StackUnderTest {
    /// How often Stripe's stand-in was asked to create a payment.
    func creations() throws -> Int {
        let requests = try simulatorState()["requests"]?.array ?? []
        return requests.count { request in
            request["method"]?.string == "POST"
                && request["path"]?.string == "/stripe/v1/payment_intents"
        }
    }

    /// The intents of each order that were not cancelled.
    func liveIntents() throws -> [Int64: [String]] {
        var intents: [Int64: [String]] = [:]
        for intent in try simulatorState()["paymentIntents"]?.array ?? [] {
            guard intent["status"]?.string != "canceled",
                let order = intent["metadata"]?["order_id"]?.string.flatMap({ Int64($0) }),
                let id = intent["id"]?.string
            else { continue }
            intents[order, default: []].append(id)
        }
        return intents
    }
}
