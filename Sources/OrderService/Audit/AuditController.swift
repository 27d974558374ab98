import MariaDB
import Web

/// The record of what staff asked for, for admins; looking at it is on record, too.
struct AuditController: Sendable {
    let store: AuditStore

    private static let actorLength = 1...96

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .get,
                pattern: "/v1/admin/audit",
                access: .session(.admin),
                lane: .read,
                handler: .plain(list),
                recordedSubjects: [.orderOfQuery]
            )
        ]
    }

    private func list(_ context: Context) throws -> Response {
        let query = context.request.query
        let place = try ListPlace(query)
        let records = try store.records(
            ofOrder: try Self.orderID(query),
            by: try Self.actor(query),
            before: place.last,
            limit: place.size + 1,
            until: context.deadline
        )
        return place.answer(records, id: \.id, Self.representation)
    }

    private static func orderID(_ query: Query) throws(Problem) -> Int64? {
        guard let text = query["orderId"] else { return nil }
        guard let id = Int64(text), id > 0 else {
            throw .invalid(
                .badRequest,
                pointer: "?orderId",
                code: "format",
                detail: "orderId must be the number of an order."
            )
        }
        return id
    }

    private static func actor(_ query: Query) throws(Problem) -> String? {
        guard let actor = query["actor"] else { return nil }
        // The column is ASCII, and names have no blanks: nothing else is in it.
        guard actorLength.contains(actor.utf8.count),
            actor.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw .invalid(
                .badRequest,
                pointer: "?actor",
                code: "format",
                detail: "actor must be a user's id, or cli: and an account."
            )
        }
        return actor
    }

    private static func representation(_ record: AuditStore.Record) -> JSON {
        let entry = record.entry
        return [
            "id": .integer(record.id),
            "at": .string(record.recordedAt.rfc3339),
            "actor": .string(entry.actor),
            "roles": .array(entry.roles.list.map { .string($0.rawValue) }),
            "route": .string(entry.route),
            "orderId": JSON(entry.orderID),
            "userId": JSON(entry.userID),
            "subject": JSON(entry.subject),
            "reason": JSON(entry.reason),
            "requestId": .string(entry.requestID),
            "network": JSON(entry.network?.text),
        ]
    }
}
