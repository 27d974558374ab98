import MariaDB
import Resilience
import Web

/// Look-ups that have come together and are answered from the record: what they ask for is read by one
/// statement, and each is answered as it would be alone.
extension OrderApplication {
    /// A request of which the caches have told who asks, and lack what is asked for.
    struct Missed: Sendable {
        /// So many are read at once: of more, each waits for longer than it gains.
        static let mostTogether = 16

        let asked: Asked
        let principal: Principal
        let lookUp: OrderLookUp
        let orderID: Int64
        let reply: Step.Reply

        var batch: LaneBatch<Missed> { asked.route.missed }

        /// Nil if it goes another way: also that of staff, who wait for the record of their look, and would
        /// keep the others waiting.
        init?(_ asked: Asked, _ look: QuickLook, _ reply: @escaping Step.Reply) {
            guard case .missing(let principal) = look, principal.roles.isSubset(of: .customer),
                case .cachedLookUp(let lookUp) = asked.route.endpoint.handler,
                let orderID = asked.captures.number(0)
            else { return nil }
            (self.asked, self.principal, self.reply) = (asked, principal, reply)
            (self.lookUp, self.orderID) = (lookUp, orderID)
        }

        func maySee(_ order: OwnedOrder) -> Bool {
            order.id == orderID && asked.route.endpoint.access.admits(principal, to: order)
        }
    }

    /// Answers requests of one route on a lane; blocks on Redis and MariaDB.
    func answerTogether(_ all: [Missed]) {
        guard all.count > 1 else {
            for missed in all {
                missed.reply(answer(missed.asked, .missing(askedBy: missed.principal)))
            }
            return
        }
        let result = Result { try landings(of: all.filter { !$0.asked.deadline.isExpired }) }
        for missed in all {
            switch result.map({ $0[missed.orderID] }) {
            case .success(nil):
                // Somebody else is about to store it, for whom the others should not wait.
                handOverAlone(missed.asked, .missing(askedBy: missed.principal), missed.reply)
            case .success(let landing?):
                missed.reply(
                    answer(missed) { [self] context in
                        let endpoint = missed.asked.route.endpoint
                        return try found(by: missed.lookUp, endpoint, context, given: landing)
                    }
                )
            case .failure(let error as MariaDBError):
                missed.reply(answer(missed) { _ in throw error })
            case .failure:
                // What one of them asks for cannot be read, which is none of the others' matter.
                handOverAlone(missed.asked, .missing(askedBy: missed.principal), missed.reply)
            }
        }
    }

    private func landings(of all: [Missed]) throws -> [Int64: LookUpCache.Landing] {
        guard let first = all.first else { return [:] }
        let asking = Dictionary(grouping: all, by: \.orderID)
        return try first.lookUp.landings(
            missing: Array(asking.keys),
            until: all.map(\.asked.deadline).min() ?? first.asked.deadline,
            if: { order in asking[order.id]?.contains { $0.maySee(order) } ?? false }
        )
    }

    private func answer(
        _ missed: Missed,
        _ goOn: @escaping @Sendable (Context) throws -> Response
    ) -> Response {
        answer(missed.asked, .begun(askedBy: missed.principal, goOn: goOn))
    }
}
