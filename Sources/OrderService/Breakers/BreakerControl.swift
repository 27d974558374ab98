import Dispatch
import Logging
import MariaDB
package import Resilience
import Synchronization

/// What operators do to the breakers of all processes, and what they see of them.
///
/// MariaDB is the record of both; each process obeys it by `obeyRecord`, about once a second.
package final class BreakerControl: Sendable {
    private let dependencies: [GuardedDependency]
    private let store: BreakerStore
    private let processReports: ProcessReportStore
    /// The last order to each dependency that this process has seen.
    private let known = Mutex<[String: BreakerOrder]>([:])
    /// Orders come from requests and from the loop; here one of them after the other is carried
    /// out, so that none overtakes a later one.
    private let queue = DispatchQueue(label: "breaker-orders")
    private let logger = Logger(label: "orderd.breakers")

    init(
        dependencies: [GuardedDependency],
        store: BreakerStore,
        processReports: ProcessReportStore
    ) {
        self.dependencies = dependencies
        self.store = store
        self.processReports = processReports
    }

    /// The dependencies that have a breaker, in the order in which they are shown.
    package var names: [String] { dependencies.map(\.name) }

    /// The breakers of this process as they are now.
    package var readings: [BreakerReading] {
        let known = known.withLock { $0 }
        return dependencies.map { dependency in
            BreakerReading(
                name: dependency.name,
                dependency.breaker.snapshot,
                expiresAt: known[dependency.name]?.expiresAt
            )
        }
    }

    /// What every process last reported; one silent for a minute is left out.
    ///
    /// - Parameter deadline: by which MariaDB has to answer.
    /// - Returns: the reports, ordered by the processes' names.
    /// - Throws: `MariaDBError`.
    package func reports(until deadline: Deadline) throws -> [ProcessReport] {
        try processReports.reports(until: deadline)
    }

    /// Records an order for all processes, and carries it out in this one.
    ///
    /// - Parameters:
    ///   - command: what is ordered, to a dependency of `names`.
    ///   - deadline: by which it is recorded; if it is not, nothing has changed here.
    /// - Returns: the order as it stands.
    /// - Throws: `MariaDBError`.
    @discardableResult
    package func give(
        _ command: BreakerCommand,
        until deadline: Deadline
    ) throws -> BreakerOrder {
        let order = try record(command, until: deadline)
        carryOut([order], areGivenNow: true)
        return order
    }

    /// Records an order for all processes, and carries out nothing: for commands, which end soon.
    ///
    /// - Parameters:
    ///   - command: what is ordered, to a dependency of `names`.
    ///   - deadline: by which it is recorded.
    /// - Returns: the order as it stands.
    /// - Throws: `MariaDBError`.
    package func record(
        _ command: BreakerCommand,
        until deadline: Deadline
    ) throws -> BreakerOrder {
        try store.record(command, until: deadline)
    }

    /// Carries out the orders on record that this process has not seen yet.
    ///
    /// - Parameter deadline: by which MariaDB has to answer.
    /// - Throws: `MariaDBError`.
    func obeyRecord(until deadline: Deadline) throws {
        carryOut(try store.orders(until: deadline), areGivenNow: false)
    }

    private func carryOut(_ orders: [BreakerOrder], areGivenNow: Bool) {
        queue.sync {
            for order in orders { carryOut(order, isGivenNow: areGivenNow) }
        }
    }

    private func carryOut(_ order: BreakerOrder, isGivenNow: Bool) {
        guard let breaker = dependencies.first(where: { $0.name == order.name })?.breaker else {
            return
        }
        let last = known.withLock { $0[order.name] }
        if let last, last.revision >= order.revision { return }
        known.withLock { $0[order.name] = order }
        // A process that has just started finds orders that have been carried out or are over
        // long since; whatever its breakers are like is their own doing.
        guard order.stands || isGivenNow || last != nil else { return }
        let mode = order.stands ? order.mode : .auto
        do {
            try mode.lead(
                breaker,
                by: ManualOrder(
                    who: order.who,
                    why: order.reason,
                    expiry: order.stands ? order.remaining : nil
                )
            )
        } catch {
            logger.error(
                "a breaker cannot be led to the mode that was ordered",
                metadata: [
                    "breaker": "\(order.name)", "from": "\(error.from)", "to": "\(error.to)",
                ]
            )
        }
    }
}
