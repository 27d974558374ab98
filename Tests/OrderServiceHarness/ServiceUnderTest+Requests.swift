package import MariaDB
package import OrderService
import OrderServiceTesting
import Resilience
package import Web

/// An answer of the service or of a stand-in, read as JSON where it is JSON.
package struct TestAnswer: Sendable {
    package let response: Response

    package init(response: Response) {
        self.response = response
    }

    package var status: Int { response.status.rawValue }
    package var text: String { String(decoding: response.body, as: UTF8.self) }
    package var json: JSON { (try? JSON(parsing: response.body)) ?? .null }

    package subscript(_ path: String...) -> JSON {
        path.reduce(json) { value, name in
            (Int(name).map { value[$0] } ?? value[name]) ?? .null
        }
    }

    /// The word of a problem.
    package var code: String? { json["code"]?.string }

    /// The faults of a problem as `pointer code`.
    package var faults: [String] {
        (json["errors"]?.array ?? []).map { fault in
            "\(fault["pointer"]?.string ?? "?") \(fault["code"]?.string ?? "?")"
        }
    }

    package func field(_ name: String) -> String? {
        if let value = response.field(name) { return value }
        return "\(response.readyLines)".split(separator: "\r\n")
            .first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
            .map { String($0.dropFirst(name.count + 2)) }
    }
}

extension ServiceUnderTest {
    /// Sends a request with a JSON body, if any, and waits for its answer.
    ///
    /// It comes from `address`, and goes to another process's `application` where one is given.
    @discardableResult
    package func send(
        _ method: Method,
        _ target: String,
        token: String? = nil,
        key: String? = nil,
        headers: [(name: String, value: String)] = [],
        from address: String = "127.0.0.1",
        to application: OrderApplication? = nil,
        _ body: JSON? = nil
    ) -> TestAnswer {
        var all = headers
        if let token { all.append(("Authorization", "Bearer \(token)")) }
        if let key { all.append(("Idempotency-Key", key)) }
        if body != nil, !headers.contains(where: { $0.name == "Content-Type" }) {
            all.append(("Content-Type", "application/json"))
        }
        let request = Request(
            method,
            target,
            headers: all,
            body: body?.serialized() ?? [],
            remoteAddress: address
        )
        return TestAnswer(response: (application ?? self.application).respond(to: request))
    }

    /// Sends a request whose body is given byte for byte.
    package func send(
        _ method: Method,
        _ target: String,
        token: String? = nil,
        key: String? = nil,
        raw body: [UInt8],
        type: String? = "application/json"
    ) -> TestAnswer {
        var headers: [(name: String, value: String)] = []
        if let type { headers.append(("Content-Type", type)) }
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if let key { headers.append(("Idempotency-Key", key)) }
        let request = Request(method, target, headers: headers, body: body)
        return TestAnswer(response: application.respond(to: request))
    }

    /// Steers the stand-ins, or asks them something, past the network.
    @discardableResult
    package func standIn(_ method: Method, _ target: String, _ body: JSON? = nil) -> TestAnswer {
        let headers: [(name: String, value: String)] =
            body == nil ? [] : [("Content-Type", "application/json")]
        let request = Request(method, target, headers: headers, body: body?.serialized() ?? [])
        return TestAnswer(response: simulation.respond(to: request))
    }

    /// Lets a route of the stand-ins fail.
    package func setFault(
        _ match: String,
        _ kind: String,
        status: Int? = nil,
        times: Int? = nil,
        executed: Bool? = nil
    ) {
        var members: [(name: String, value: JSON)] = [
            ("match", .string(match)), ("kind", .string(kind)),
        ]
        if let status { members.append(("status", JSON(status))) }
        if let times { members.append(("times", JSON(times))) }
        if let executed { members.append(("executed", .bool(executed))) }
        let answer = standIn(.post, "/_faults", .object(members))
        precondition(answer.status == 201, "the stand-in refuses this fault: \(answer.text)")
    }

    package func removeFaults() {
        standIn(.delete, "/_faults")
    }

    /// How often a route of the stand-ins was asked, by method and start of the path.
    package func standInRequests(_ method: String, _ prefix: String) -> Int {
        let all = standIn(.get, "/_state")["requests"].array ?? []
        return all.filter { request in
            request["method"]?.string == method
                && request["path"]?.string?.hasPrefix(prefix) ?? false
        }.count
    }

    /// The PaymentIntents at the stand-in.
    package var intents: [JSON] { standIn(.get, "/_state")["paymentIntents"].array ?? [] }

    // MARK: The record

    /// How many rows each table has.
    package func rowCounts() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for table in try Place.tables(of: services.database, until: soon) {
            let rows = try services.database.query(
                SQL(stringLiteral: "SELECT COUNT(*) AS number FROM \(table)"),
                class: .job,
                until: soon
            )
            counts[table] = try rows.first?.int("number") ?? 0
        }
        return counts
    }

    package func query(_ statement: SQL) throws -> [Row] {
        try services.database.query(statement, class: .job, until: soon)
    }

    package func execute(_ statement: SQL) throws {
        _ = try services.database.execute(statement, class: .job, until: soon)
    }
}
