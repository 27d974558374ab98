import OrderServiceTesting
import Web

/// How a process dies at a step.
enum Death: CustomStringConvertible {
    /// Beside a commit, as `ORDERD_CRASH_AT` has it: `before:order.placed`.
    case beside(String)
    /// While a request to a route of another service is under way, which carries it out later.
    case ahead(of: String)
    /// After another service has carried a request out, before its answer is here.
    case behind(String)

    var description: String {
        switch self {
        case .beside(let point): point
        case .ahead(let route): "ahead of \(route)"
        case .behind(let route): "behind \(route)"
        }
    }

    static func commits(_ points: String...) -> [Death] {
        points.flatMap { [.beside("before:\($0)"), .beside("after:\($0)")] }
    }

    static func calls(_ routes: String...) -> [Death] {
        routes.flatMap { [.ahead(of: $0), .behind($0)] }
    }
}

/// A customer on the way through one step, and what is known so far.
final class Visit {
    let checkout: ReadyCheckout
    var orderID: Int64 = 0
    var guestToken: String?
    var clientSecret: String?
    /// Of whoever of the shop's acts: gives the money back, decides a review.
    var financeToken: String?
    var reviewID: Int64 = 0

    init(_ checkout: ReadyCheckout) {
        self.checkout = checkout
    }

    /// Remembers what an answer told.
    func learn(_ answer: HTTPAnswer) {
        let json = answer.json
        orderID = json?["order"]?["id"]?.integer ?? orderID
        guestToken = json?["guestToken"]?.string ?? guestToken
        let secret = json?["payment"]?["clientSecret"] ?? json?["clientSecret"]
        clientSecret = secret?.string ?? clientSecret
    }

    /// A request about the order, always with the same key.
    func request(_ action: String) -> HTTPCall {
        .json("POST", "/v1/orders/\(orderID)/\(action)", [:], token: guestToken)
            .with("Idempotency-Key", "\(action)-\(checkout.id)")
    }
}

/// One step of the flow at which a process dies, and how the order ends all the same.
struct CrashStep {
    /// What sets the step off.
    enum Trigger {
        /// A request of the customer's, repeated until it is answered with one of these.
        case request([Int], (Visit) -> HTTPCall)
        /// Something that happens once.
        case event((CrashScene, Visit) throws -> Void)
    }

    let name: String
    let victim: OrderdProcess.Command
    let deaths: [Death]
    /// Whether the worker is kept from doing the step in the victim's place.
    var isAlone = false
    /// Brings a customer to where the step begins.
    let prepare: (CrashScene) throws -> Visit
    let trigger: Trigger
    /// What happens while nothing runs, after the death.
    var meanwhile: (CrashScene, Visit) throws -> Void = { _, _ in }
    /// What the customer does once the step is done.
    var follow: (CrashScene, Visit) throws -> Void = { _, _ in }
    /// Order, payment and reservation at last; nil if there is no order then.
    let end: String?

    /// Dies once in one way, comes back, and goes on to the end.
    func run(_ death: Death, in scene: CrashScene) throws -> Visit {
        try scene.heal()
        let visit = try prepare(scene)
        if isAlone || victim == .worker { scene.kill(.worker) }
        // The worker does its work as soon as it starts.
        if victim == .serve { try arm(death, scene) }
        var attempt: Companion<Void>?
        switch trigger {
        case .request(_, let call):
            let (port, call) = (scene.stack.port, call(visit))
            attempt = Companion { _ = try? HTTPConnection(port: port).send(call) }
        case .event(let body): try body(scene, visit)
        }
        if victim == .worker { try arm(death, scene) }
        try die(death, scene)
        try attempt?.join()
        try meanwhile(scene, visit)
        try scene.heal()
        if case .request(let statuses, let call) = trigger {
            visit.learn(try scene.insist(on: statuses, call(visit)))
        }
        try follow(scene, visit)
        var state: String?
        do {
            try scene.wait("the end") {
                state = try scene.order(of: visit.checkout.id)?.state
                return state == end
            }
        } catch {
            throw TooLate("ends as \(state ?? "no order"), not \(end ?? "no order")")
        }
        return visit
    }

    private func arm(_ death: Death, _ scene: CrashScene) throws {
        let hold: [(String, JSON)]
        switch death {
        case .beside(let point): return try scene.start(victim, dyingAt: point)
        case .ahead(let route):
            hold = [("times", 1), ("executed", false)]
            try scene.addFault(route, "hold", hold)
        case .behind(let route):
            hold = [("times", 1), ("executed", true)]
            try scene.addFault(route, "hold", hold)
        }
        if victim == .worker { try scene.start(victim) }
    }

    private func die(_ death: Death, _ scene: CrashScene) throws {
        switch death {
        case .beside(let point):
            try scene.wait("death at \(point)") { scene.hasDied(victim) }
        case .ahead(let route), .behind(let route):
            try scene.wait("call of \(route)") { try scene.isHolding() }
        }
        scene.kill(victim)
    }
}
