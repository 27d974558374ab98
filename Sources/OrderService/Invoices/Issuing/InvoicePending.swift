import Commerce
import MariaDB
package import Resilience

/// Has issued what orders should have and have not, whatever became of their task.
package struct InvoicePending: Sendable {
    let backlog: InvoiceBacklog
    let jobs: InvoiceJobs

    /// An order that lacks a document.
    package struct Item: Sendable {
        package let orderID: Int64
        package let orderNumber: String
        /// What is due first, `rejected` of one that waits for a correction, `withdrawal` of one
        /// that waits in vain, `unknown` of one whose rows make no sense.
        package let due: String
        /// Documents that were written for it, rejected ones among them.
        package var written = 0
        /// Why nothing could be made; nil if it was, or nobody tried.
        package var failure: String?
        /// Whether something is due still, or waits for a correction.
        package var isLeft = true

        var isRejected: Bool { due == Self.rejected }

        private static let rejected = "rejected"

        /// Of an order whose rows cannot be read.
        init(_ orderID: Int64, _ orderNumber: String, failure: String) {
            self.orderID = orderID
            self.orderNumber = orderNumber
            self.failure = failure
            due = "unknown"
        }

        init(_ order: Order, _ due: InvoiceAccount.Due) {
            orderID = order.id
            orderNumber = order.number
            self.due =
                switch due {
                case .invoice: "invoice"
                case .refund, .rest: "credit_note"
                case .blocked: Self.rejected
                case .withdrawal: "withdrawal"
                }
        }
    }

    /// Goes through all orders; blocks on MariaDB.
    ///
    /// - Parameters:
    ///   - isDryRun: whether it is only said what is due.
    ///   - deadline: of all of it.
    ///   - body: told of each order that lacks something.
    /// - Throws: `MariaDBError`, and what `body` throws.
    package func run(
        isDryRun: Bool,
        until deadline: Deadline,
        _ body: (Item) throws -> Void
    ) throws {
        try backlog.forEach(until: deadline) { found in
            var item = found
            if !isDryRun, !item.isRejected, item.failure == nil {
                do {
                    item.written = try jobs.advance(item.orderID, until: deadline)
                    // What was written may be a document that was rejected.
                    item.isLeft = try backlog.item(ofOrder: item.orderID, until: deadline) != nil
                } catch let error as MariaDBError where error.isUnavailability {
                    throw error
                } catch {
                    item.failure = "\(error)"
                }
            }
            try body(item)
        }
    }
}
