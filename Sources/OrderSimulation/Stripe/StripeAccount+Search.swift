import Web

extension StripeAccount {
    /// `GET /v1/payment_intents/search`, for clauses of equality joined by `AND`, such as
    /// `metadata['order_id']:'17' AND status:'succeeded'`.
    ///
    /// Stripe's index lags up to a minute behind; this one does not.
    func searchIntents(_ form: StripeForm) throws(StripeError) -> JSON {
        try form.require(onlyNames: ["query", "limit", "page"])
        guard let query = form["query"], !query.isEmpty else { throw .missingParameter("query") }
        var clauses: [SearchClause] = []
        for text in query.split(separator: " AND ") {
            guard let clause = SearchClause(text) else {
                throw .invalidParameter(
                    "query",
                    code: nil,
                    "We were unable to parse your search query."
                )
            }
            clauses.append(clause)
        }
        let page = intents.page(after: nil, before: nil, limit: 100) { intent in
            clauses.allSatisfy { $0.matches(intent) }
        }
        return [
            "object": "search_result",
            "data": .array(page.items.map(\.json)),
            "has_more": false,
            "next_page": nil,
            "url": "/v1/payment_intents/search",
        ]
    }
}

/// One `name:'value'` or `metadata['key']:'value'` of a search.
private struct SearchClause {
    private enum Name {
        case status
        case currency
        case amount
        case metadata(String)
    }

    private let name: Name
    private let value: String

    init?(_ text: Substring) {
        // A value may have colons, as a metadata key may.
        let keyEnd = text.firstIndex(of: "]") ?? text.startIndex
        guard let colon = text[keyEnd...].firstIndex(of: ":") else { return nil }
        value = Self.unquoted(text[text.index(after: colon)...])
        let field = text[..<colon].filter { $0 != " " }
        switch field {
        case "status": name = .status
        case "currency": name = .currency
        case "amount": name = .amount
        default:
            guard field.hasPrefix("metadata["), field.hasSuffix("]") else { return nil }
            name = .metadata(Self.unquoted(field.dropFirst("metadata[".count).dropLast()))
        }
    }

    private static func unquoted(_ text: Substring) -> String {
        String(text).trimmed.filter { $0 != "'" && $0 != "\"" }
    }

    func matches(_ intent: PaymentIntent) -> Bool {
        switch name {
        case .status: intent.status.rawValue == value
        case .currency: intent.currency == value
        case .amount: String(intent.amount) == value
        case .metadata(let key): intent.metadata[key] == value
        }
    }
}
