import Resilience
import Web

/// The states of many orders at once, for staff and services.
///
/// One trip to Redis where all are cached, on the worker; what is missing is read by one statement and
/// stored by one more trip, on a lane. Answers are put together from fragments that lie ready in the
/// summaries' cache.
struct BulkStatusController: Sendable {
    let orders: OrderStore
    let cache: LookUpCache
    let recentChanges: RecentChanges
    let quick: QuickReader

    private static let name = CacheName.orderSummaries
    private static let most = 1_000
    /// Of so many, and of a body that names no more, a worker has who comes next wait for no longer than a
    /// millisecond each.
    private static let mostOnWorker = 250
    private static let bodyOnWorker = 8_192
    private static let staff: Roles = [.support, .service, .admin]

    var endpoint: Endpoint {
        Endpoint(
            method: .post,
            pattern: "/v1/orders/bulk/status",
            access: .session(Self.staff),
            lane: .read,
            handler: .quick(quickStates, orElse: states),
            // States of numbers, by the hundred a second: nobody's data.
            record: .none
        )
    }

    /// Answers from the cache alone where it has all; a lane reads the rest.
    private func quickStates(_ request: Request, _: Captures) -> QuickQuestion? {
        guard request.body.count <= Self.bodyOnWorker, request.isOfType(Endpoint.json),
            let credential = quick.credential(of: request), credential.kind == .session,
            let ids = try? Self.ids(request), ids.count <= Self.mostOnWorker
        else { return nil }
        return quick.question(ids.map(Self.name.argument), for: credential) { found in
            look(found, at: ids)
        }
    }

    private func look(_ found: QuickReader.Found, at ids: [Int64]) -> QuickLook {
        guard let session = found.principal.session, !session.roles.isDisjoint(with: Self.staff)
        else { return .nothing }
        quick.noteCredential(found)
        let cached = ids.indices.map(found.entry)
        for entry in cached { cache.counts.noteRead(Self.name, entry) }
        let lacking = Self.lacking(ids, cached)
        guard lacking.isEmpty else {
            return .begun(askedBy: found.principal) { context in
                try answer(ids, cached, lacking, until: context.deadline)
            }
        }
        quick.noteUse(by: found.principal)
        return .answer(Self.answer(ids, cached))
    }

    private func states(_ context: Context) throws -> Response {
        let ids = try Self.ids(context.request)
        let cached = cache.entries(
            ids.map { Self.name.key($0) },
            of: Self.name,
            until: context.deadline
        )
        return try answer(ids, cached, Self.lacking(ids, cached), until: context.deadline)
    }

    /// The ids that the body asks for, each once.
    private static func ids(_ request: Request) throws -> [Int64] {
        let body = try BodyReader(request.body)
        let asked = body.integers("ids", count: 1...most, required: true) ?? []
        try body.finish()
        var seen = Set<Int64>(minimumCapacity: asked.count)
        return asked.filter { seen.insert($0).inserted }
    }

    /// The ids of which the cache neither has a fragment nor knows that there is no order.
    private static func lacking(_ ids: [Int64], _ cached: [CacheEntry?]) -> [Int64] {
        zip(ids, cached).compactMap { id, entry in
            entry.map { $0.isAbsent || !$0.fragment.isEmpty } ?? false ? nil : id
        }
    }

    private func answer(
        _ ids: [Int64],
        _ cached: [CacheEntry?],
        _ lacking: [Int64],
        until deadline: Deadline
    ) throws -> Response {
        let read = lacking.isEmpty ? [:] : try entries(ofUncached: lacking, until: deadline)
        return Self.answer(ids, cached, read)
    }

    /// The ready fragments of orders, in the order of their ids, and the ids of those there are not.
    private static func answer(
        _ ids: [Int64],
        _ cached: [CacheEntry?],
        _ read: [Int64: CacheEntry] = [:]
    ) -> Response {
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
        return Response.json(.ok, answer)
    }

    /// Reads orders from the record, and stores what is found, or that nothing is.
    private func entries(
        ofUncached ids: [Int64],
        until deadline: Deadline
    ) throws -> [Int64: CacheEntry] {
        let name = Self.name
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
        let read = try orders.summaries(of: ids, until: deadline)
        recentChanges.drop(
            before: read.map(OrderVersion.init),
            keeping: leases?.token,
            until: deadline
        )
        let entries = Dictionary(
            read.map { ($0.id, OrderRepresentation.summaryEntry($0)) },
            uniquingKeysWith: { first, _ in first }
        )
        found = entries
        return entries
    }
}
