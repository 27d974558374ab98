import Synchronization
import Web

extension Simulation {
    func addFault(_ bytes: [UInt8]) throws(Problem) -> Response {
        let id = withWorld { world, _ in world.random.id("fault") }
        let fault = try Fault(bytes, id: id)
        let json = fault.json
        world.withLock { $0.faults.add(fault) }
        return .json(.created, json.serialized())
    }

    /// Deletes all faults and lets the held requests go on.
    func removeFaults() -> Response {
        world.withLock { $0.faults.removeAll() }
        waits.endHolds()
        return Response(.noContent)
    }

    /// Forgets everything; `{"keepCatalogue": true}` keeps the products, their stock as loaded.
    func reset(_ bytes: [UInt8]) throws(Problem) -> Response {
        var keepsCatalogue = false
        if !bytes.isEmpty {
            let body = try BodyReader(bytes)
            keepsCatalogue = body.bool("keepCatalogue") ?? false
            try body.finish()
        }
        let settings = Self.webhooks(configuration)
        world.withLock { $0.reset(keepingCatalogue: keepsCatalogue, webhooks: settings) }
        waits.endHolds()
        return Response(.noContent)
    }

    func advanceClock(_ bytes: [UInt8]) throws(Problem) -> Response {
        let body = try BodyReader(bytes)
        let seconds = body.integer("advanceSeconds", in: 0...3_153_600_000, required: true)
        try body.finish()
        world.withLock { $0.clockOffset += (seconds ?? 0) * 1_000 }
        return .ok(clockJSON())
    }

    func clockJSON() -> JSON {
        withWorld { world, now in
            [
                "now": .string(now.rfc3339),
                "unix": JSON(now.seconds),
                "offsetSeconds": JSON(world.clockOffset / 1_000),
            ]
        }
    }

    /// Changes the settings that the body names; the others stay.
    func setWebhooks(_ bytes: [UInt8]) throws(Problem) -> Response {
        let body = try BodyReader(bytes)
        let paused = body.bool("paused")
        let duplicates = body.integer("duplicate", in: 0...100)
        let reorders = body.bool("reorder")
        let url = body.string("url", length: 0...2_000)
        let json = (try? JSON(parsing: bytes)) ?? .null
        _ = (body.has("dropProbability"), body.has("secrets"))
        let secrets = json["secrets"]?.array?.compactMap(\.string)
        if let secrets, secrets.isEmpty || secrets.count != json["secrets"]?.array?.count {
            body.report("secrets", "type", "An array of strings is expected.")
        }
        let probability = json["dropProbability"].flatMap(\.real)
        if let probability, !(0...1).contains(probability) {
            body.report("dropProbability", "range", "A number from 0 to 1 is expected.")
        }
        try body.finish()
        return .ok(
            withWorld { world, _ in
                if let paused { world.webhooks.isPaused = paused }
                if let duplicates { world.webhooks.duplicates = duplicates }
                if let reorders { world.webhooks.reorders = reorders }
                if let url { world.webhooks.url = url.isEmpty ? nil : url }
                if let secrets { world.webhooks.secrets = secrets }
                if let probability { world.webhooks.dropProbability = probability }
                return world.webhooksJSON
            }
        )
    }

    /// Queues one more delivery of an event.
    func deliverWebhook(_ bytes: [UInt8]) throws -> Response {
        let body = try BodyReader(bytes)
        let id = body.string("event", required: true) ?? ""
        let times = body.integer("times", in: 1...100) ?? 1
        try body.finish()
        try withWorld { world, now in
            guard let event = world.account.events[id] else {
                throw StripeError.noSuch("event", id, param: "event")
            }
            world.queue.add(id, of: event.subject, copies: times - 1, now: now)
        }
        return .json(.accepted, JSON.object([("event", .string(id))]).serialized())
    }
}

extension World {
    func faultsJSON(held: Int) -> JSON {
        ["faults": .array(faults.faults.map(\.json)), "held": JSON(held)]
    }

    var webhooksJSON: JSON {
        let waiting = queue.waiting.map { delivery in
            JSON.object([
                ("event", .string(delivery.event)),
                ("type", JSON(account.events[delivery.event]?.type)),
                ("attempt", JSON(delivery.attempt)),
                ("due", .string(delivery.due.rfc3339)),
            ])
        }
        return [
            "url": JSON(webhooks.url),
            "paused": .bool(webhooks.isPaused),
            "duplicate": JSON(webhooks.duplicates),
            "reorder": .bool(webhooks.reorders),
            "dropProbability": .number(webhooks.dropProbability),
            "secrets": .array(webhooks.secrets.map(JSON.string)),
            "waiting": .array(waiting),
            "inFlight": JSON(queue.inFlight),
            "delivered": JSON(queue.delivered),
            "failedAttempts": JSON(queue.failedAttempts),
        ]
    }
}

extension JSON {
    /// A number of either form.
    var real: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
