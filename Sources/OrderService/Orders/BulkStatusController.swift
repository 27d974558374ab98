import Resilience
import Web

/// The states of many orders at once, for staff and services.
///
/// One trip to Redis where all are cached; what is missing is read by one statement and stored by one
/// more trip. Answers are put together from fragments that lie ready in the summaries' cache.
struct BulkStatusController: Sendable {
    let orders: OrderStore
    let cache: LookUpCache

    private static let most = 1_000

    var endpoint: Endpoint {
        Endpoint(
            method: .post,
            pattern: "/v1/orders/bulk/status",
            access: .session([.support, .service, .admin]),
            lane: .read,
            handler: .plain(states),
            // States of numbers, by the hundred a second: nobody's data.
            record: .none
        )
    }

    private func states(_ context: Context) throws -> Response {
        let body = try BodyReader(context.request.body)
        let asked = body.integers("ids", count: 1...Self.most, required: true) ?? []
        try body.finish()
        var seen = Set<Int64>(minimumCapacity: asked.count)
        let ids = asked.filter { seen.insert($0).inserted }
        let fragments = try fragments(of: ids, until: context.deadline)
        var answer = Array("{\"items\":[".utf8)
        answer.reserveCapacity(160 * ids.count)
        var missing: [String] = []
        for (id, fragment) in zip(ids, fragments) {
            guard let fragment else {
                missing.append("\(id)")
                continue
            }
            if answer.last == UInt8(ascii: "}") { answer.append(UInt8(ascii: ",")) }
            answer += fragment
        }
        answer += "],\"missing\":[\(missing.joined(separator: ","))]}".utf8
        return Response.json(.ok, answer)
    }

    /// The ready fragments of orders, in their order; nil of those that there are not.
    private func fragments(
        of ids: [Int64],
        until deadline: Deadline
    ) throws -> [ArraySlice<UInt8>?] {
        let name = CacheName.orderSummaries
        let cached = cache.entries(ids.map { name.key($0) }, of: name, until: deadline)
        var lacking: [Int64] = []
        var fragments = zip(ids, cached).map { id, entry -> ArraySlice<UInt8>? in
            if let entry, !entry.fragment.isEmpty { return entry.fragment }
            if entry?.isAbsent != true { lacking.append(id) }
            return nil
        }
        guard !lacking.isEmpty else { return fragments }
        let read = try entries(ofUncached: lacking, until: deadline)
        for (index, id) in ids.enumerated() where fragments[index] == nil {
            fragments[index] = read[id]?.fragment
        }
        return fragments
    }

    /// Reads orders from the record, and stores what is found, or that nothing is.
    private func entries(
        ofUncached ids: [Int64],
        until deadline: Deadline
    ) throws -> [Int64: CacheEntry] {
        let name = CacheName.orderSummaries
        let leases = cache.lease(ids.map { name.key($0) }, until: deadline)
        // Nil until the record has been read: then whatever it lacks is known to be absent.
        var found: [Int64: CacheEntry]?
        // Whatever happens meanwhile, nobody waits for a lease of ours to run out.
        defer {
            if let leases {
                let entries = ids.map { id in
                    (key: name.key(id), entry: found.map { $0[id] ?? .absent })
                }
                cache.store(entries, in: name, under: leases, until: deadline)
            }
        }
        let entries = Dictionary(
            try orders.find(ids, until: deadline).map { order in
                (order.id, OrderRepresentation.summaryEntry(order))
            },
            uniquingKeysWith: { first, _ in first }
        )
        found = entries
        return entries
    }
}
