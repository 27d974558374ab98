import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

/// A second process on the same databases, with breakers of its own.
final class SecondProcess {
    let services: Services
    let reporter: ProcessReporter
    let identity: ProcessIdentity

    init(
        of service: ServiceUnderTest,
        _ kind: ProcessIdentity.Kind = .worker,
        host: String = "second"
    ) throws {
        services = try service.makeSibling()
        identity = ProcessIdentity(kind, host: host, number: 7)
        reporter = services.makeReporter(identity)
    }

    deinit {
        services.close()
    }
}

extension Services {
    func breaker(_ name: String) throws -> CircuitBreaker {
        try #require(dependencies.first { $0.name == name }).breaker
    }

    func state(_ name: String) throws -> CircuitBreakerState {
        try breaker(name).snapshot.state
    }
}

extension CircuitBreaker {
    /// Lets calls fail until the breaker opens.
    func open() throws {
        while snapshot.state == .closed {
            let permit = try acquire()
            permit.end(.failure)
        }
    }
}

extension ServiceUnderTest {
    static let breakers = "/v1/admin/breakers"

    var identity: ProcessIdentity { ProcessIdentity(.serve) }

    func admin() throws -> String { try session("7", .admin) }

    /// Gives an order to a breaker by HTTP.
    @discardableResult
    func order(
        _ name: String,
        _ mode: String,
        reason: String = "a drill",
        expiresIn: Int? = nil,
        token: String
    ) -> TestAnswer {
        var members: [(name: String, value: JSON)] = [
            ("mode", .string(mode)), ("reason", .string(reason)),
        ]
        if let expiresIn { members.append(("expiresIn", JSON(expiresIn))) }
        return send(.post, "\(Self.breakers)/\(name)", token: token, .object(members))
    }

    /// What one breaker is like by `GET /v1/admin/breakers`.
    func item(_ name: String, token: String) throws -> JSON {
        let answer = send(.get, Self.breakers, token: token)
        #expect(answer.status == 200 && answer.field("Cache-Control") == "no-store")
        return try #require(answer["items"].array?.first { $0["name"]?.string == name })
    }

    func countOrders() throws -> Int {
        try query("SELECT COUNT(*) AS number FROM breaker_order_log")[0].int("number")
    }
}

/// Waits until something is so, half a minute at most.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline.after(.seconds(30))
    while !deadline.isExpired {
        if try condition() { return true }
        Pause.block(.milliseconds(20))
    }
    return false
}
