import MariaDB
import Redis
import Resilience
import Web

/// The caches of all processes and what Redis holds of them, for admins to see and to drop.
struct CacheController: Sendable {
    let cache: LookUpCache
    let reports: ProcessReportStore
    let process: ProcessIdentity

    /// How long MariaDB and Redis are each waited for; without them there is still something to show.
    private static let patience = Duration.seconds(2)

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .get,
                pattern: "/v1/admin/caches",
                access: .session(.admin),
                lane: .read,
                handler: .plain(list),
                // Wanted above all when something is away, and nobody's data.
                record: .wanted
            ),
            endpoint("/v1/admin/caches/{name}", dropAll),
            endpoint("/v1/admin/caches/{name}/{key}", dropEntry),
        ]
    }

    private func endpoint(
        _ pattern: String,
        _ drop: @escaping @Sendable (Context) throws -> Response
    ) -> Endpoint {
        Endpoint(
            method: .delete,
            pattern: pattern,
            access: .session(.admin),
            lane: .request,
            handler: .plain(drop)
        )
    }

    private func list(_ context: Context) -> Response {
        let limit = context.deadline.tightened(to: Self.patience)
        let others = try? reports.reports(until: limit).filter { $0.process != process.text }
        let holdings = try? cache.holdings(until: limit)
        let items = cache.counts.readings.map { reading in
            var reading = reading
            for report in others ?? [] {
                for other in report.caches where other.name == reading.name { reading.add(other) }
            }
            return item(reading, holdings)
        }
        let body: JSON = [
            "items": .array(items),
            "redis": holdings.map(Self.server) ?? .null,
            "processes": .integer(Int64(1 + (others?.count ?? 0))),
            "complete": .bool(others != nil),
        ]
        return Response.json(.ok, body.serialized())
    }

    private func item(_ reading: CacheReading, _ holdings: LookUpCache.Holdings?) -> JSON {
        let name = CacheName(rawValue: reading.name)
        let share = holdings.map { holdings in
            name.flatMap { holdings.shares[$0] } ?? LookUpCache.Holdings.Share()
        }
        return .object(
            [("name", .string(reading.name))] + reading.members + [
                ("entries", JSON(share?.entries)),
                ("bytes", JSON(share?.bytes)),
                ("timeToLiveSeconds", JSON(name?.timeToLive.components.seconds)),
            ]
        )
    }

    private static func server(_ holdings: LookUpCache.Holdings) -> JSON {
        [
            "keys": .integer(holdings.keys),
            "bytes": JSON(holdings.usedBytes),
            "evictions": JSON(holdings.evictions),
            "estimated": .bool(holdings.isEstimate),
        ]
    }

    private func dropAll(_ context: Context) throws -> Response {
        let name = try cacheName(context)
        return try dropped { try cache.dropAll(of: name, until: context.deadline) }
    }

    private func dropEntry(_ context: Context) throws -> Response {
        let name = try cacheName(context)
        // Whatever has an entry has an id that a user might have: numbers, hashes, checkouts.
        guard let id = context.captures.text(1), isUserID(id) else { throw Problem.notFound }
        return try dropped {
            try cache.dropEntry(name.key(id), until: context.deadline) ? 1 : 0
        }
    }

    private func cacheName(_ context: Context) throws(Problem) -> CacheName {
        guard let name = context.captures.text(0).flatMap(CacheName.init(rawValue:)) else {
            throw .notFound
        }
        return name
    }

    private func dropped(_ drop: () throws -> Int64) throws -> Response {
        do {
            let body: JSON = ["dropped": .integer(try drop())]
            return Response.json(.ok, body.serialized())
        } catch is RedisError {
            throw Problem.dependencyUnavailable(retryAfter: 5)
        }
    }
}
