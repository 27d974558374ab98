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
        let name = CacheName.orderSummaries
        let cached = cache.entries(ids.map { name.key($0) }, of: name, until: context.deadline)
        let lacking = zip(ids, cached).compactMap { id, entry in
            entry.map { $0.isAbsent || !$0.fragment.isEmpty } ?? false ? nil : id
        }
        let read =
            lacking.isEmpty ? [:] : try entries(ofUncached: lacking, until: context.deadline)
        return Response.json(.ok, Self.answer(ids, cached, read))
    }

    /// The ready fragments of orders, in the order of their ids, and the ids of those there are not.
    private static func answer(
        _ ids: [Int64],
        _ cached: [CacheEntry?],
        _ read: [Int64: CacheEntry]
    ) -> [UInt8] {
        var answer = Array("{\"items\":[".utf8)
        answer.reserveCapacity(160 * ids.count)
        var missing: [String] = []
        for (id, entry) in zip(ids, cached) {
            guard let fragment = (read[id] ?? entry)?.fragment, !fragment.isEmpty else {
                missing.append("\(id)")
                continue
            }
            if answer.last == UInt8(ascii: "}") { answer.append(UInt8(ascii: ",")) }
            answer += fragment
        }
        answer += "],\"missing\":[\(missing.joined(separator: ","))]}".utf8
        return answer
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
            try orders.summaries(of: ids, until: deadline).map { order in
                (order.id, OrderRepresentation.summaryEntry(order))
            },
            uniquingKeysWith: { first, _ in first }
        )
        found = entries
        return entries
    }
}
