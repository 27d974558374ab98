import Commerce
import MariaDB
import Resilience

extension TaskRunner {
    /// Ends the tasks that only look whether a request has died half-way, of orders of which none
    /// has: nearly all of them.
    ///
    /// - Returns: the messages' ids.
    func endIdle(
        among messages: [OutboxRelay.Message],
        until deadline: Deadline
    ) throws -> Set<Int64> {
        let looks = messages.filter { OutboxMessage.Task(rawValue: $0.topic)?.onlyLooks ?? false }
        guard looks.count > 1 else { return [] }
        let unfinished = try relay.database.query(
            """
            SELECT id, visible_at IS NULL AS is_unseen FROM orders
            WHERE id IN (\(list: looks.map(\.orderID))) AND (visible_at IS NULL
                OR status = \(OrderStatus.awaitingPayment.rawValue) AND closing IS NULL)
            """,
            class: .job,
            until: deadline
        )
        var isUnseen: [Int64: Bool] = [:]
        for row in unfinished { isUnseen[try row.int64("id")] = try row.bool("is_unseen") }
        let idle = looks.filter { message in
            switch OutboxMessage.Task(rawValue: message.topic) {
            case .discardUnseen: isUnseen[message.orderID] != true
            default: isUnseen[message.orderID] == nil
            }
        }
        let ids = idle.map(\.id)
        try relay.markSent(ids, until: deadline)
        return Set(ids)
    }
}
