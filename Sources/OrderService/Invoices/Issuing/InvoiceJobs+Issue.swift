import Commerce
import MariaDB
import Resilience
import UBL
import Web

extension InvoiceJobs {
    /// Issues a rejected document as it was corrected; blocks on MariaDB.
    ///
    /// It is made anew of the order, so that what was wrong with us is not kept either.
    ///
    /// - Parameters:
    ///   - publicID: the document's.
    ///   - correction: whom it is for, and its rates.
    ///   - header: the `If-Match` of who corrects it; nil for any version.
    ///   - actor: who it is, for the history.
    ///   - deadline: by which it is committed, or fails.
    /// - Returns: the document as it is now; nil if there is none of this id.
    /// - Throws: a `Problem` with 409 if it is issued already or due no more, or there is nobody to bill
    ///   any more; 412 if it has changed,
    ///   422 with the rules that it breaks still; `MariaDBError`.
    func issue(
        _ publicID: String,
        _ correction: InvoiceCorrection,
        ifMatch header: String?,
        by actor: String,
        until deadline: Deadline
    ) throws -> InvoiceRecord? {
        let store = InvoiceReading(database: ledger.database)
        guard let known = try store.find(publicID, until: deadline) else { return nil }
        return try ledger.change(known.orderID, by: actor, until: deadline) {
            change,
            transaction -> InvoiceRecord? in
            guard let record = try InvoiceStore.locked(publicID, in: &transaction) else {
                return nil
            }
            try EntityTag.check(ifMatch: header, is: record.entityTag)
            guard record.state == .rejected else { throw Problem.isIssued(record) }
            guard try InvoiceStore.hasBuyer(change.order, in: &transaction) else {
                throw Problem.hasNobodyToBill
            }
            guard let cause = InvoiceCause(key: record.causeKey) else {
                throw UnknownWord(column: "cause_key", word: record.causeKey)
            }
            guard correction.rates.isEmpty || cause.kind == .invoice else {
                throw Problem.keepsRates
            }
            let account = try InvoiceStore.account(of: change.order, in: &transaction)
            guard let waiting = account.entries.first(where: { $0.cause == cause.key }),
                account.isDue(waiting)
            else { throw Problem.isNotDue }
            let today = change.now.dayInRomania
            // It may have been made by a clock that was ahead.
            let madeOn = record.createdAt.dayInRomania
            guard madeOn <= today else {
                throw InvoiceStore.DayToCome(subject: publicID, day: madeOn)
            }
            var draft = try issuer.draft(
                for: cause,
                amount: cause.refundID == nil ? nil : record.gross.minor,
                as: correction,
                change,
                &transaction
            )
            let faults = try issuer.faults(of: draft.document, on: today)
            guard faults.isEmpty else { throw Problem.breaksRules(faults) }
            let issue = try issuer.number(&draft, on: today, in: &transaction)
            try InvoiceStore.issue(
                record,
                as: draft.document,
                issue,
                at: change.now,
                in: &transaction
            )
            change.touch(invoice: publicID)
            InvoiceIssuer.tell(publicID, draft.document, cause: correction.reason, &change)
            // What comes after it has waited for it.
            change.schedule(.advanceInvoices)
            return try InvoiceStore.locked(publicID, in: &transaction)
        }?.result
    }
}

extension Problem {
    fileprivate static func isIssued(_ record: InvoiceRecord) -> Problem {
        cannotIssue(
            record.state,
            "This document is issued; it is corrected by a credit note alone."
        )
    }

    fileprivate static let isNotDue = cannotIssue(
        .rejected,
        "This document is not due, or not of this sum: look at the order's refunds and its state."
    )

    fileprivate static let hasNobodyToBill = cannotIssue(
        .rejected,
        "Nothing can be issued any more: the order's data has been erased."
    )

    private static func cannotIssue(_ state: InvoiceState, _ detail: String) -> Problem {
        Problem(
            .conflict,
            "illegal_transition",
            detail,
            extensions: [("invoiceState", .string(state.rawValue)), ("allowed", .array([]))]
        )
    }

    fileprivate static let keepsRates = invalid(
        .unprocessableContent,
        pointer: "/rates",
        code: "value",
        detail: "A credit note keeps the rates of its invoice."
    )

    /// The rules that a document breaks, each at the member of the body that decides it.
    static func breaksRules(_ faults: [UBLFault]) -> Problem {
        Problem(
            .unprocessableContent,
            "invalid_request",
            "The document breaks rules of invoices still; see errors.",
            faults: faults.prefix(100).map { fault in
                Fault(
                    pointer: pointer(of: fault.field),
                    code: "rule",
                    detail: "\(fault.rule), \(fault.field): \(fault.text)"
                )
            },
            extensions: [("brokenRules", .array(faults.prefix(100).map(\.json)))]
        )
    }

    /// The member that gives a field of the document; the body itself for what no member does.
    private static func pointer(of field: String) -> String {
        switch field {
        case "BT-118", "BT-119": "/rates"
        case "BT-44": "/buyer/name"
        case "BT-47", "BT-48": "/buyer/cui"
        case "BT-50": "/buyer/address/street"
        case "BT-52": "/buyer/address/city"
        case "BT-53": "/buyer/address/postalCode"
        case "BT-54": "/buyer/address/county"
        case "BT-55": "/buyer/address/country"
        default: ""
        }
    }
}
