import Commerce
import MariaDB
import Web

/// How bulk cancels look in answers.
enum BulkCancelRepresentation {
    /// One with all its orders, in the order asked.
    static func whole(_ bulk: BulkCancel, _ items: [BulkCancelItem]) -> JSON {
        .object(members(bulk, BulkCancelTally(items)) + [("items", .array(items.map(item)))])
    }

    /// One of a list: without its orders.
    static func summary(_ bulk: BulkCancel, _ tally: BulkCancelTally) -> JSON {
        .object(members(bulk, tally))
    }

    private static func members(
        _ bulk: BulkCancel,
        _ tally: BulkCancelTally
    ) -> [(name: String, value: JSON)] {
        [
            ("id", .string(bulk.publicID)),
            ("state", .string(tally.state.rawValue)),
            ("reason", .string(bulk.reason)),
            ("createdBy", .string(bulk.createdBy)),
            ("createdAt", .string(bulk.createdAt.rfc3339)),
            ("finishedAt", JSON(tally.finishedAt?.rfc3339)),
            ("counts", counts(tally)),
        ]
    }

    private static func counts(_ tally: BulkCancelTally) -> JSON {
        let each = BulkCancelOutcome.allCases.map { outcome in
            (name: outcome.countName, value: JSON(tally.counts[outcome] ?? 0))
        }
        return .object([("total", JSON(tally.total))] + each)
    }

    private static func item(_ item: BulkCancelItem) -> JSON {
        [
            "orderId": .integer(item.orderID),
            "outcome": .string(item.outcome.rawValue),
            "code": JSON(item.outcome.problemCode),
            "detail": JSON(item.detail),
            "at": JSON(item.decidedAt?.rfc3339),
            "orderStatus": JSON(item.orderStatus?.rawValue),
            "paymentStatus": JSON(item.paymentStatus?.rawValue),
        ]
    }
}
