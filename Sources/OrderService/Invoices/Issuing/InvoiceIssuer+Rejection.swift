import Commerce
import Logging
import MariaDB
import UBL
import Web

extension InvoiceIssuer {
    /// Puts a draft down that breaks rules, without a number, and tells of it.
    func reject(
        _ draft: InvoiceStore.Draft,
        _ faults: [UBLFault],
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws {
        let rules = faults.reduce(into: [String]()) { rules, fault in
            if !rules.contains(fault.rule) { rules.append(fault.rule) }
        }
        logger.error(
            "a document breaks rules and was not issued",
            metadata: [
                "orderId": "\(draft.orderID)", "kind": "\(draft.document.kind.rawValue)",
                "rules": "\(rules.joined(separator: " "))",
            ]
        )
        let id = try InvoiceStore.insert(
            rejected: draft,
            faults: .array(faults.map(\.json)),
            at: change.now,
            in: &transaction
        )
        change.record("invoice.rejected", cause: rules.joined(separator: " ").cut(toVarChar: 255))
        change.announce(
            .invoiceRejected,
            about: (
                "invoice",
                [
                    "id": .string(id), "kind": .string(draft.document.kind.rawValue),
                    "rules": .array(rules.map { .string($0) }),
                ]
            )
        )
    }

    /// Takes a rejected document away that is due no more; it has no number, so nothing lacks one.
    func withdraw(
        _ causeKey: String,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws {
        guard let id = try InvoiceStore.removeRejected(causeKey, in: &transaction) else { return }
        change.touch(invoice: id)
        change.record("invoice.withdrawn", cause: id)
        logger.notice(
            "a rejected document is due no more and was withdrawn",
            metadata: ["orderId": "\(change.order.id)", "id": "\(id)"]
        )
    }
}

extension UBLFault {
    /// As it is stored, and shown to staff.
    var json: JSON {
        [
            "rule": .string(rule), "field": .string(field), "location": .string(location),
            "text": .string(text),
        ]
    }
}
