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

        /// Whether what was read, or found in the cache, is new enough.
        func isHelped(by landing: LookUpCache.Landing) -> Bool {
            landing.isOfRecord || lookUp.suffices(landing.entry, asked.request, orderID: orderID)
        }

        func maySee(_ order: OwnedOrder) -> Bool {
            order.id == orderID && asked.route.endpoint.access.admits(principal, to: order)
        }
    }

    /// Answers requests of one route on a lane; blocks on Redis and MariaDB.
    ///
    /// Who would have the others wait, or whom what was read does not help, is handed over once more.
    func answerTogether(_ all: [Missed]) {
        let live = all.filter { missed in
            guard missed.asked.deadline.isExpired else { return true }
            missed.reply(answer(missed.asked, .missing(askedBy: missed.principal)))
            return false
        }
        guard live.count > 1 else {
            for missed in live {
                missed.reply(answer(missed.asked, .missing(askedBy: missed.principal)))
            }
            return
        }
        let result = Result { try landings(of: live) }
        for missed in live {
            switch result.map({ $0[missed.orderID] }) {
            case .success(let landing?)
            where missed.isHelped(by: landing)
                && authenticator.confirmed(missed.principal) != nil:
                missed.reply(
                    answer(missed) { [self] context in
                        let endpoint = missed.asked.route.endpoint
                        return try found(by: missed.lookUp, endpoint, context, given: landing)
                    }
                )
            case .failure(let error as MariaDBError) where error.isOfServer:
                missed.reply(answer(missed) { _ in throw error })
            case .success, .failure:
                handOverAlone(missed.asked, .missing(askedBy: missed.principal), missed.reply)
            }
        }
    }

    private func landings(of all: [Missed]) throws -> [Int64: LookUpCache.Landing] {
        guard let lookUp = all.first?.lookUp else { return [:] }
        let asking = Dictionary(grouping: all, by: \.orderID)
        // That of the last one: who has less time is late by a statement's at most.
        let deadline = all.map(\.asked.deadline).max() ?? .after(.zero)
        return try lookUp.landings(missing: Array(asking.keys), until: deadline) { order in
            asking[order.id]?.contains { $0.maySee(order) } ?? false
        }
    }

    private func answer(
        _ missed: Missed,
        _ goOn: @escaping @Sendable (Context) throws -> Response
    ) -> Response {
        answer(missed.asked, .begun(askedBy: missed.principal, goOn: goOn))
    }
}
