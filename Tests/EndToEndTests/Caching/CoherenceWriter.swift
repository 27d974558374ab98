import MariaDB
import OrderServiceTesting
import Resilience
import Synchronization
import Web

/// Changes its orders, by the events that a shop has: paid, refunded, shipped, cancelled.
///
/// A change that is confirmed has made the version at least one more than what was committed before
/// it was asked for.
struct CoherenceWriter {
    private let scene: CoherenceScene
    private let fleet: ServeFleet
    private let database: Database
    private var connections: [Int: FleetConnection] = [:]
    private var states: [Int: State]
    private var keys = 0
    private let name: Int

    private enum State {
        case placed
        case confirmed
        case paid
        case preparing
        case shipped
        case ended
    }

    /// A writer of every order whose number has this remainder.
    init(_ number: Int, of writers: Int, _ scene: CoherenceScene, _ fleet: ServeFleet) {
        self.scene = scene
        self.fleet = fleet
        name = number
        database = scene.stack.openDatabase()
        let own = scene.subjects.indices.filter { $0 % writers == number }
        states = Dictionary(uniqueKeysWithValues: own.map { ($0, State.placed) })
    }

    /// Changes one order after the other until the scene is over.
    mutating func run() throws {
        defer { database.close() }
        while !scene.isOver.load(ordering: .relaxed) {
            let live = states.filter { $0.value != .ended }.keys
            guard let number = live.randomElement() else { return }
            let process = Int.random(in: 0..<fleet.count)
            do {
                try advance(number, at: process)
            } catch is FleetConnection.Lost, is FastCGIClient.Failure {
                // The process was killed; whether the change was made is not told to anybody.
                connections[process] = nil
                // An order that may have been cancelled cannot be paid.
                if states[number] == .placed { states[number] = .ended }
            }
        }
    }

    private mutating func advance(_ number: Int, at process: Int) throws {
        let order = scene.subjects[number]
        let path = "/v1/orders/\(order.id)"
        switch states[number] ?? .ended {
        case .placed where Int.random(in: 0..<5) == 0:
            let cancel: JSON = ["reason": "changed my mind"]
            if try change(number, at: process, path + "/cancel", order.guestToken, cancel) {
                states[number] = .ended
            }
        case .placed:
            guard let payment = order.payment else { return }
            try scene.stack.simulate(payment)
            states[number] = .confirmed
        case .confirmed:
            // The webhook brings it, too; who of both is first is told by nobody.
            let answer = try connection(to: process).send(
                "POST",
                path + "/payments/refresh",
                token: order.guestToken
            )
            if answer.text.contains("\"paid\"") { states[number] = .paid }
        case .paid, .shipped:
            if states[number] == .paid, Int.random(in: 0..<6) == 0 {
                if try fulfil(number, at: process, "start") { states[number] = .preparing }
            } else {
                let refund: JSON = ["amount": 10, "reason": "goodwill"]
                let target = "/v1/admin/orders/\(order.id)/refunds"
                let finance = scene.stack.value("FINANCE_TOKEN")
                _ = try change(number, at: process, target, finance, refund)
            }
        case .preparing:
            if try fulfil(number, at: process, "ship") { states[number] = .shipped }
        case .ended:
            break
        }
    }

    private mutating func fulfil(
        _ number: Int,
        at process: Int,
        _ event: String
    ) throws -> Bool {
        var body: JSON = ["event": .string(event)]
        if event == "ship" { body = ["event": "ship", "carrier": "FAN", "trackingNumber": "1"] }
        let target = "/v1/admin/orders/\(scene.subjects[number].id)/fulfilment"
        return try change(number, at: process, target, scene.stack.value("SERVICE_TOKEN"), body)
    }

    /// Asks for a change; whether it was made.
    private mutating func change(
        _ number: Int,
        at process: Int,
        _ target: String,
        _ token: String,
        _ body: JSON
    ) throws -> Bool {
        let before = try version(of: number)
        keys += 1
        let answer = try connection(to: process).send(
            "POST",
            target,
            token: token,
            headers: [("HTTP_IDEMPOTENCY_KEY", "writer-\(name)-\(keys)")],
            body
        )
        guard (200...202).contains(answer.status) else {
            // An order in between two states; anything else is a fault.
            if answer.status != 409 {
                scene.complain(of: answer, to: "\(target) at \(process)")
            }
            return false
        }
        scene.raiseFloor(of: number, to: before + 1)
        return true
    }

    private func version(of number: Int) throws -> Int64 {
        let rows = try database.query(
            "SELECT version FROM orders WHERE id = \(scene.subjects[number].id)",
            until: .after(.seconds(30))
        )
        return try rows.first?.int64("version") ?? 0
    }

    private mutating func connection(to process: Int) throws -> FleetConnection {
        if let kept = connections[process] { return kept }
        let new = try fleet.connect(to: process)
        connections[process] = new
        return new
    }
}
