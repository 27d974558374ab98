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
        var seen: Set<Int64> = []
        let ids = asked.filter { seen.insert($0).inserted }
        let fragments = try fragments(of: ids, until: context.deadline)
        var answer = Array("{\"items\":[".utf8)
        answer.reserveCapacity(160 * ids.count)
        for fragment in ids.compactMap({ fragments[$0] }) {
            if answer.last == UInt8(ascii: "}") { answer.append(UInt8(ascii: ",")) }
            answer += fragment
        }
        let missing = ids.filter { fragments[$0] == nil }.map(String.init).joined(separator: ",")
        answer += "],\"missing\":[\(missing)]}".utf8
        return Response.json(.ok, answer)
    }

    /// The ready fragments of those orders that exist.
    private func fragments(
        of ids: [Int64],
        until deadline: Deadline
    ) throws -> [Int64: ArraySlice<UInt8>] {
        let name = CacheName.orderSummaries
        let cached = cache.entries(ids.map { name.key($0) }, of: name, until: deadline)
        var fragments: [Int64: ArraySlice<UInt8>] = [:]
        var lacking: [Int64] = []
        for (id, entry) in zip(ids, cached) {
            if let entry, !entry.fragment.isEmpty {
                fragments[id] = entry.fragment
            } else if entry?.isAbsent != true {
                lacking.append(id)
            }
        }
        guard !lacking.isEmpty else { return fragments }
        let leases = cache.lease(lacking.map { name.key($0) }, until: deadline)
        // Nil until the record has been read: then whatever it lacks is known to be absent.
        var found: [Int64: CacheEntry]?
        // Whatever happens meanwhile, nobody waits for a lease of ours to run out.
        defer {
            if let leases {
                let entries = lacking.map { id in
                    (key: name.key(id), entry: found.map { $0[id] ?? .absent })
                }
                cache.store(entries, in: name, under: leases, until: deadline)
            }
        }
        let entries = try orders.find(lacking, until: deadline).map { order in
            (order.id, OrderRepresentation.summaryEntry(order))
        }
        for (id, entry) in entries { fragments[id] = entry.fragment }
        found = Dictionary(entries, uniquingKeysWith: { first, _ in first })
        return fragments
    }
}
