import OrderServiceTesting
import Synchronization
import Web

/// Looks up one order after the other at one process after the other, as a browser does: it shows
/// the tag of what it has, and notes whatever is older than it may be.
struct CoherenceReader {
    private let scene: CoherenceScene
    private let fleet: ServeFleet
    private var connections: [Int: FleetConnection] = [:]
    /// The newest version that was shown, by order.
    private var seen: [Int: Int64] = [:]

    private static let parts = ["", "/payment", "/tracking"]

    init(_ scene: CoherenceScene, _ fleet: ServeFleet) {
        self.scene = scene
        self.fleet = fleet
    }

    /// Looks up until the scene is over.
    mutating func run() throws {
        while !scene.isOver.load(ordering: .relaxed) {
            let process = Int.random(in: 0..<fleet.count)
            do {
                if connections[process] == nil {
                    connections[process] = try fleet.connect(to: process)
                }
                guard let connection = connections[process] else { continue }
                if Int.random(in: 0..<5) == 0 {
                    try readHistory(connection, process)
                } else {
                    try readPart(connection, process)
                }
                scene.reads.add(1, ordering: .relaxed)
            } catch is FleetConnection.Lost, is FastCGIClient.Failure {
                // The process was killed.
                connections[process] = nil
            }
        }
    }

    private mutating func readPart(_ connection: FleetConnection, _ process: Int) throws {
        let number = Int.random(in: scene.subjects.indices)
        let order = scene.subjects[number]
        let part = Self.parts.randomElement() ?? ""
        let last = seen[number]
        let floor = scene.floor(of: number)
        let answer = try connection.send(
            "GET",
            "/v1/orders/\(order.id)\(part)",
            token: order.guestToken,
            headers: last.map { [("HTTP_IF_NONE_MATCH", "\"\(order.id)-\($0)\"")] } ?? []
        )
        let tag = answer.field("ETag")?.split(separator: "-").last?.dropLast()
        guard [200, 304].contains(answer.status), let version = tag.flatMap({ Int64($0) }) else {
            scene.complain(of: answer, to: "\(order.id)\(part) at \(process)")
            return
        }
        let place = "\(order.id)\(part) at \(process): \(version)"
        if version < floor { scene.complain("\(place), and \(floor) was written") }
        if let last, version < last { scene.complain("\(place), and \(last) was shown") }
        seen[number] = max(version, last ?? 0)
    }

    private mutating func readHistory(_ connection: FleetConnection, _ process: Int) throws {
        let customer = Int.random(in: 0..<CoherenceScene.customers)
        let own = scene.subjects.indices.filter { scene.subjects[$0].customer == customer }
        let floors = own.map { (scene.subjects[$0].id, scene.floor(of: $0)) }
        let answer = try connection.send(
            "GET",
            "/v1/orders?size=\(CoherenceScene.ordersEach)",
            token: scene.sessions[customer]
        )
        let page = try? JSON(parsing: answer.body)
        let versions = Dictionary(
            (page?["items"]?.array ?? []).compactMap { item in
                item["id"]?.integer.flatMap { id in item["version"]?.integer.map { (id, $0) } }
            },
            uniquingKeysWith: { first, _ in first }
        )
        guard answer.status == 200, versions.count == own.count else {
            scene.complain(of: answer, to: "history of \(customer) at \(process)")
            return
        }
        for (id, floor) in floors {
            let version = versions[id] ?? 0
            if version < floor {
                scene.complain("history at \(process): \(id) is \(version), \(floor) was written")
            }
        }
    }
}
