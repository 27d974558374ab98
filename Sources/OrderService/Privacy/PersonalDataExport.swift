import MariaDB
import Redis
package import Resilience
package import Web

/// Everything that is held of one person, as one document.
///
/// The form is `format`'s: each list is there, also where it is empty; a name more is no other form.
package struct PersonalDataExport: Sendable {
    let database: Database
    let cacheRedis: RedisClient
    let stateRedis: RedisClient
    let limits: PaymentLimits
    let clock: WallClock

    private static let format = "orderd-personal-data/1"

    private var orders: SubjectOrders { SubjectOrders(database: database) }

    /// Reads it all; blocks on MariaDB and both Redis.
    ///
    /// - Parameters:
    ///   - subject: whose data.
    ///   - deadline: for all of it.
    /// - Returns: the document.
    /// - Throws: `MariaDBError`, `RedisError`: what is not whole is not told as if it were.
    package func document(of subject: DataSubject, until deadline: Deadline) throws -> JSON {
        let items = try orders.all(of: subject, until: deadline)
        var members: [(name: String, value: JSON)] = [
            ("format", .string(Self.format)), ("exportedAt", .string(clock.now.rfc3339)),
            ("subject", ["kind": .string(subject.kind), "value": .string(subject.value)]),
            ("orders", .array(try items.map { try order($0.id, until: deadline) })),
            ("webhooks", .array(try items.flatMap { try webhooks($0.id, until: deadline) })),
        ]
        for section in ExportSection.ofSubject {
            members.append((section.name, try list(section, subject, until: deadline)))
        }
        members.append(("cachedCart", try cachedCart(of: subject, until: deadline)))
        members.append(("attemptsToPay", try attempts(of: subject, until: deadline)))
        let others = try orders.customers(withAddress: subject, until: deadline)
        members.append(("customersWithTheAddress", .array(others.map(JSON.string))))
        return .object(members)
    }

    private func order(_ id: Int64, until deadline: Deadline) throws -> JSON {
        let rows = try list(.order, id, until: deadline)
        var members = rows.array?.first?.members ?? []
        for section in ExportSection.ofOrder {
            members.append((section.name, try list(section, id, until: deadline)))
        }
        return .object(members)
    }

    private func list<Key>(
        _ section: ExportSection<Key>,
        _ key: Key,
        until deadline: Deadline
    ) throws -> JSON {
        guard let statement = section.rows(key) else { return .array([]) }
        let rows = try database.query(statement, class: .job, until: deadline)
        return .array(rows.map { JSON(exporting: $0) })
    }

    private func webhooks(_ orderID: Int64, until deadline: Deadline) throws -> [JSON] {
        let ids = try orders.providerIDs(of: orderID, until: deadline)
        return try database.query(
            """
            SELECT event_id, type, object_id, received_at, payload FROM webhook_inbox
            WHERE object_id IN (\(list: ids)) ORDER BY id
            """,
            class: .job,
            until: deadline
        ).map { JSON(exporting: $0) }
    }

    private func cachedCart(of subject: DataSubject, until deadline: Deadline) throws -> JSON {
        guard let id = subject.userID else { return .null }
        let stored = try cacheRedis.send(Command("GET", CacheName.cart.key(id)), until: deadline)
        return stored.bytes.flatMap { try? JSON(parsing: $0) } ?? .null
    }

    /// When the person tried to pay, as the limits have it.
    private func attempts(of subject: DataSubject, until deadline: Deadline) throws -> JSON {
        guard let limit = limits.limits(of: subject.payer).first else { return .array([]) }
        let command = Command("ZRANGE", limit.key, 0, -1, "WITHSCORES")
        let parts = try stateRedis.send(command, until: deadline).array ?? []
        let times = stride(from: 1, to: parts.count, by: 2).compactMap { index in
            parts[index].string.flatMap(Double.init).map { score in
                JSON.string(Timestamp(microseconds: Int64(score)).rfc3339)
            }
        }
        return .array(times)
    }
}

extension DataSubject {
    /// The id or the address.
    var value: String {
        switch self {
        case .customer(let id): id
        case .email(let address): address
        }
    }
}
