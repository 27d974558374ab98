import Web

extension StripeAccount {
    /// One page of a list as Stripe answers it, newest first.
    private static func page<Item>(
        _ ledger: Ledger<Item>,
        path: String,
        _ form: StripeForm,
        created: (Item) -> Instant,
        json: (Item) -> JSON,
        where isIncluded: (Item) -> Bool
    ) throws(StripeError) -> JSON {
        let limit = try form.integer("limit") ?? 10
        guard (1...100).contains(limit) else {
            throw .invalidParameter(
                "limit",
                code: "parameter_invalid_integer",
                "This value must be between 1 and 100 (inclusive)."
            )
        }
        for name in ["starting_after", "ending_before"] {
            if let id = form[name], ledger[id] == nil {
                throw .noSuch("object", id, param: name, status: .badRequest)
            }
        }
        let range = try CreatedRange(form)
        let page = ledger.page(
            after: form["starting_after"],
            before: form["ending_before"],
            limit: Int(limit)
        ) { range.contains(created($0).seconds) && isIncluded($0) }
        return [
            "object": "list",
            "data": .array(page.items.map(json)),
            "has_more": .bool(page.hasMore),
            "url": .string(path),
        ]
    }

    func listIntents(_ form: StripeForm) throws(StripeError) -> JSON {
        try form.require(onlyNames: Self.listNames.union(["customer", "customer_account"]))
        return try Self.page(
            intents,
            path: "/v1/payment_intents",
            form,
            created: \.created,
            json: \.json
        ) { form["customer"] == nil || $0.details["customer"]?.string == form["customer"] }
    }

    func listCharges(_ form: StripeForm) throws(StripeError) -> JSON {
        try form.require(onlyNames: Self.listNames.union(["payment_intent", "customer"]))
        return try Self.page(
            charges,
            path: "/v1/charges",
            form,
            created: \.created,
            json: \.json
        ) { form["payment_intent"] == nil || $0.intent == form["payment_intent"] }
    }

    func listRefunds(_ form: StripeForm) throws(StripeError) -> JSON {
        try form.require(onlyNames: Self.listNames.union(["payment_intent", "charge"]))
        return try Self.page(
            refunds,
            path: "/v1/refunds",
            form,
            created: \.created,
            json: \.json
        ) { refund in
            (form["payment_intent"] == nil || refund.intent == form["payment_intent"])
                && (form["charge"] == nil || refund.charge == form["charge"])
        }
    }

    func listDisputes(_ form: StripeForm) throws(StripeError) -> JSON {
        try form.require(onlyNames: Self.listNames.union(["payment_intent", "charge"]))
        return try Self.page(
            disputes,
            path: "/v1/disputes",
            form,
            created: \.created,
            json: \.json
        ) { dispute in
            (form["payment_intent"] == nil || dispute.intent == form["payment_intent"])
                && (form["charge"] == nil || dispute.charge == form["charge"])
        }
    }

    func listReviews(_ form: StripeForm) throws(StripeError) -> JSON {
        try form.require(onlyNames: Self.listNames)
        return try Self.page(
            reviews,
            path: "/v1/reviews",
            form,
            created: \.created,
            json: \.json
        ) { $0.closedReason == nil }
    }

    func listFraudWarnings(_ form: StripeForm) throws(StripeError) -> JSON {
        try form.require(onlyNames: Self.listNames.union(["payment_intent", "charge"]))
        return try Self.page(
            fraudWarnings,
            path: "/v1/radar/early_fraud_warnings",
            form,
            created: \.created,
            json: \.json
        ) { warning in
            (form["payment_intent"] == nil || warning.intent == form["payment_intent"])
                && (form["charge"] == nil || warning.charge == form["charge"])
        }
    }

    func listEvents(_ form: StripeForm, now: Instant) throws(StripeError) -> JSON {
        try form.require(
            onlyNames: Self.listNames.union(["type", "types", "delivery_success"])
        )
        let types = form.list("types") + [form["type"]].compactMap { $0 }
        let delivered = try form.bool("delivery_success")
        let oldest = now.adding(seconds: -30 * 86_400)
        return try Self.page(
            events,
            path: "/v1/events",
            form,
            created: \.created,
            json: \.json
        ) { event in
            event.created >= oldest
                && (types.isEmpty || types.contains { Self.matches(event.type, $0) })
                && (delivered == nil || delivered == (event.pendingWebhooks == 0))
        }
    }

    private static let listNames: Set<String> = [
        "created", "ending_before", "limit", "starting_after",
    ]

    /// Whether an event's type is the wanted one, which may end in `*`.
    private static func matches(_ type: String, _ wanted: String) -> Bool {
        wanted.hasSuffix("*") ? type.hasPrefix(wanted.dropLast()) : type == wanted
    }

    /// Replaces the ids at the paths of `expand[]` by the objects they name.
    func expanding(_ json: JSON, _ form: StripeForm) -> JSON {
        form.list("expand").reduce(json) { expanded, path in
            expand(expanded, path.split(separator: ".").map(String.init)[...])
        }
    }

    private func expand(_ json: JSON, _ path: ArraySlice<String>) -> JSON {
        switch json {
        case .array(let elements):
            return .array(elements.map { expand($0, path) })
        case .string(let id):
            guard let object = object(id) else { return json }
            return path.isEmpty ? object : expand(object, path)
        case .object:
            guard let name = path.first, let member = json[name] else { return json }
            return json.replacing(name, with: expand(member, path.dropFirst()))
        default:
            return json
        }
    }

    private func object(_ id: String) -> JSON? {
        intents[id]?.json ?? charges[id]?.json ?? refunds[id]?.json ?? methods[id]?.json
            ?? reviews[id]?.json ?? disputes[id]?.json
    }
}

/// The filter `created=…` or `created[gte]=…` and the like.
private struct CreatedRange {
    private let bounds: [(isMet: @Sendable (Int64, Int64) -> Bool, value: Int64)]

    init(_ form: StripeForm) throws(StripeError) {
        let relations: [(String, @Sendable (Int64, Int64) -> Bool)] = [
            ("created", { $0 == $1 }),
            ("created[gt]", { $0 > $1 }),
            ("created[gte]", { $0 >= $1 }),
            ("created[lt]", { $0 < $1 }),
            ("created[lte]", { $0 <= $1 }),
        ]
        var bounds: [(isMet: @Sendable (Int64, Int64) -> Bool, value: Int64)] = []
        for (name, isMet) in relations {
            if let value = try form.integer(name) { bounds.append((isMet, value)) }
        }
        self.bounds = bounds
    }

    func contains(_ seconds: Int64) -> Bool {
        bounds.allSatisfy { $0.isMet(seconds, $0.value) }
    }
}
