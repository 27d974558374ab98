import MariaDB
import Resilience
import Web

/// Invoices of which caches hold what is true no more.
///
/// Whoever changes the row of an invoice, or of one of its submissions, tells the change of its order
/// (`OrderChange.touch(invoice:)`), which writes this and drops the `keys` after the commit; or does
/// both itself where many are changed at once.
struct InvoiceDrop: NamedDrop, Equatable {
    static let topic = "invoice.changed"

    let publicIDs: [String]

    init(_ publicIDs: [String]) {
        self.publicIDs = publicIDs
    }

    init?(payload: String) {
        guard let json = try? JSON(parsing: Array(payload.utf8)),
            let ids = json["invoices"]?.array
        else { return nil }
        publicIDs = ids.compactMap(\.string)
    }

    var payload: JSON { ["invoices": .array(publicIDs.map(JSON.string))] }

    var keys: [[UInt8]] { publicIDs.map { CacheName.invoiceData.key($0) } }
}
