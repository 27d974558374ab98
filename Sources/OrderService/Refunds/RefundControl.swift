import Commerce
import MariaDB
package import Resilience
package import Web

/// What operators do with refunds from the command line.
package struct RefundControl: Sendable {
    let store: RefundStore
    let control: RefundSwitch

    /// Keeps every process from sending refunds from now on; `actor` is `cli:<account>`.
    package func pause(reason: String, by actor: String, until deadline: Deadline) throws {
        try control.turn(isPaused: true, reason: reason, actor: actor, until: deadline)
    }

    /// Lets refunds be sent again; those that have waited are due at once.
    package func resume(reason: String, by actor: String, until deadline: Deadline) throws {
        try control.turn(isPaused: false, reason: reason, actor: actor, until: deadline)
    }

    /// The switch, and how many refunds are in each status.
    package func status(until deadline: Deadline) throws -> JSON {
        let setting = try control.setting(until: deadline)
        let counts = try store.counts(until: deadline)
        let states = RefundStatus.allCases.map { status -> JSON in
            let row = counts.first { $0.status == status }
            return [
                "status": .string(status.rawValue), "count": .integer(row?.count ?? 0),
                "amount": .integer(row?.amount ?? 0),
            ]
        }
        return [
            "paused": .bool(setting?.isPaused ?? false),
            "reason": JSON(setting?.reason),
            "by": JSON(setting?.actor),
            "since": JSON(setting?.at.rfc3339),
            "refunds": .array(states),
        ]
    }

    /// The words that `list` takes.
    package static let states = RefundStatus.allCases.map(\.rawValue)

    /// Refunds in the API's form, newest first; of one status, if it is named.
    package func list(
        state: String?,
        limit: Int,
        until deadline: Deadline
    ) throws -> [JSON] {
        let refunds = try store.page(
            state.flatMap(RefundStatus.init(rawValue:)),
            page: 0,
            size: limit,
            until: deadline
        ).refunds
        let lines = try store.lines(of: refunds.map(\.id), until: deadline)
        return refunds.map { RefundRepresentation.refund($0, lines[$0.id] ?? []) }
    }
}
