import Web

/// A way for a route to misbehave, set by `POST /_faults`.
struct Fault {
    enum Kind: String, CaseIterable {
        /// Another status than the route would answer.
        case status
        /// The answer comes late.
        case delay
        /// No answer, and nothing was done.
        case dropBefore = "drop_before"
        /// No answer, although it was done.
        case dropAfter = "drop_after"
        /// An answer that cannot be read.
        case garbage
        /// No answer until the faults are deleted, or for 60 s.
        case hold
    }

    let id: String
    let match: RoutePattern
    let kind: Kind
    let status: Int64?
    let delayMilliseconds: Int64
    /// How often it still happens; nil for always.
    var times: Int64?
    let probability: Double
    let headers: [(name: String, value: String)]
    let body: JSON?
    /// Whether the request is carried out (`delay` and `hold`: before the wait).
    let executes: Bool
    /// Whether Stripe's idempotency layer keeps the answer.
    let isStored: Bool
    /// How often it has happened.
    var hits: Int64 = 0

    var json: JSON {
        [
            "id": .string(id),
            "match": .string(match.text),
            "kind": .string(kind.rawValue),
            "status": JSON(status),
            "delayMs": JSON(delayMilliseconds),
            "times": JSON(times),
            "probability": .number(probability),
            "headers": .object(headers.map { ($0.name, .string($0.value)) }),
            "body": body ?? .null,
            "executed": .bool(executes),
            "stored": .bool(isStored),
            "hits": JSON(hits),
        ]
    }
}

extension Fault {
    /// Reads the body of `POST /_faults`.
    init(_ bytes: [UInt8], id: String) throws(Problem) {
        let body = try BodyReader(bytes)
        let match = body.string("match", required: true).flatMap(RoutePattern.init)
        if match == nil { body.report("match", "value", "«METHOD /path» is expected.") }
        let kind = body.word("kind", as: Kind.self, required: true)
        let status = body.integer("status", in: 200...599)
        let delay = body.integer("delayMs", in: 0...600_000)
        let times = body.integer("times", in: 1...1_000_000)
        let executed = body.bool("executed")
        let isStored = body.bool("stored")
        // Numbers with a fraction and free objects have no reader of their own.
        let json = (try? JSON(parsing: bytes)) ?? .null
        _ = (body.has("probability"), body.has("headers"), body.has("body"))
        let probability: Double? =
            switch json["probability"] {
            case nil, .null?: 1
            case .integer(let number)?: Double(number)
            case .number(let number)?: number
            default: nil
            }
        if probability.map({ !(0...1).contains($0) }) ?? true {
            body.report("probability", "range", "A number from 0 to 1 is expected.")
        }
        for (name, _) in json["headers"]?.members ?? [] where FaultHeaders.name(name) == nil {
            let known = FaultHeaders.known.map { "\($0)" }.joined(separator: ", ")
            body.report("headers", "value", "\(name) is none of: \(known).")
        }
        try body.finish()
        guard let match, let kind else {
            preconditionFailure("a body without faults has its required members")
        }
        self.init(
            id: id,
            match: match,
            kind: kind,
            status: status,
            delayMilliseconds: delay ?? 1_000,
            times: times,
            probability: probability ?? 1,
            headers: (json["headers"]?.members ?? []).map { member in
                (member.name, member.value.string ?? member.value.integer.map(String.init) ?? "")
            },
            body: json["body"],
            executes: Self.executes(kind, executed),
            isStored: isStored ?? false
        )
    }

    private static func executes(_ kind: Kind, _ asked: Bool?) -> Bool {
        switch kind {
        case .dropBefore: false
        case .dropAfter: true
        case .garbage: asked ?? true
        case .status, .delay, .hold: asked ?? false
        }
    }
}

/// A method and a path with wildcards: `*` or `{name}` for one segment, `*` at the end for the
/// rest, `*` for any method.
struct RoutePattern {
    let text: String
    private let method: String
    private let segments: [Substring]

    init?(_ text: String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[1].hasPrefix("/") else { return nil }
        self.text = text
        method = String(parts[0])
        segments = parts[1].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    func matches(_ method: Method, _ path: String) -> Bool {
        guard self.method == "*" || self.method == method.rawValue else { return false }
        let given = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let isOpen = segments.last == "*"
        guard given.count == segments.count || (isOpen && given.count > segments.count) else {
            return false
        }
        return zip(segments, given).allSatisfy { segment, part in
            segment == part || segment == "*" || (segment.hasPrefix("{") && segment.hasSuffix("}"))
        }
    }
}

/// The faults in force, in the order in which they were set.
struct FaultTable {
    private(set) var faults: [Fault] = []

    mutating func add(_ fault: Fault) {
        faults.append(fault)
    }

    func contains(_ id: String) -> Bool {
        faults.contains { $0.id == id }
    }

    mutating func removeAll() {
        faults = []
    }

    /// The first fault that strikes a request, and one time less of it; `isStruck` has the last
    /// word on a fault that would.
    mutating func strike(
        _ method: Method,
        _ path: String,
        _ random: inout RandomSource,
        where isStruck: (Fault) -> Bool
    ) -> Fault? {
        for index in faults.indices {
            let fault = faults[index]
            guard fault.times != 0, fault.match.matches(method, path),
                fault.probability >= 1 || random.happens(fault.probability),
                isStruck(fault)
            else { continue }
            faults[index].times = fault.times.map { $0 - 1 }
            faults[index].hits += 1
            return faults[index]
        }
        return nil
    }
}
