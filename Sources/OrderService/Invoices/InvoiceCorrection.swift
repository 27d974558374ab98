import Commerce
import MariaDB
import Resilience
import UBL
import Web

/// What somebody corrects of a rejected document before it is issued.
struct InvoiceCorrection: Sendable {
    /// Whom it is for; nil if that was right.
    let buyer: InvoiceParty?
    /// Rates of an invoice that are replaced, each once; what the customer paid stays.
    let rates: [(from: VATRate, to: VATRate)]
    let reason: String

    /// Reads `{buyer?: {name, cui?, tradeRegister?, cnp?, address}, rates?: [{from, to}], reason}`.
    ///
    /// - Throws: a `Problem` with 400 or 422 and all faults.
    init(_ bytes: [UInt8]) throws(Problem) {
        let body = try BodyReader(bytes)
        buyer = body.object("buyer", Self.buyer)
        rates = body.objects("rates", count: 1...10, Self.rate) ?? []
        if Set(rates.map(\.from)).count < rates.count {
            body.report("rates", "value", "A rate is replaced once.")
        }
        let reason = body.string("reason", length: 1...500, required: true)
        try body.finish()
        guard let reason else { throw .internalError }
        self.reason = reason
    }

    private static func rate(_ body: BodyReader) -> (from: VATRate, to: VATRate)? {
        func rate(_ name: String) -> VATRate? {
            body.integer(name, in: 0...100, required: true).flatMap { VATRate(percent: Int($0)) }
        }
        let from = rate("from")
        let to = rate("to")
        guard let from, let to else { return nil }
        return (from, to)
    }

    private static func buyer(_ body: BodyReader) -> InvoiceParty? {
        let name = body.string("name", length: 1...200, required: true)
        let cui = CheckoutInput.cui(body)
        let tradeRegister = CheckoutInput.tradeRegister(body)
        let cnp = CheckoutInput.cnp(body)
        let address = body.object("address", required: true, CheckoutInput.address)
        if cui != nil, cnp != nil {
            body.report("cnp", "value", "A CNP is a person's; a company has a CUI.")
        }
        guard let name, let address else { return nil }
        return InvoiceParty(
            CheckoutSession.Billing(
                name: name,
                cui: cui,
                tradeRegister: tradeRegister,
                cnp: cnp,
                address: address
            )
        )
    }
}

extension InvoiceCorrection {
    /// Replaces rates of what an invoice is made of.
    ///
    /// - Parameters:
    ///   - source: what the invoice is made of.
    ///   - today: the day of issue.
    /// - Throws: a `Problem` with 422 where a rate is to be replaced that nothing bears, or that was
    ///   in force on the day of the supply.
    func correctRates(of source: inout InvoiceDrafting.Source, on today: CalendarDate) throws {
        let new = Dictionary(rates.map { ($0.from, $0.to) }) { first, _ in first }
        let day = min(source.suppliedOn ?? today, today)
        for (index, rate) in rates.enumerated() {
            guard source.rates.contains(rate.from) else { throw Problem.nothingBears(at: index) }
            if VATRateTable.isInForce(rate.from, on: day) {
                throw Problem.isInForce(at: index, on: day)
            }
        }
        source.lines = try source.lines.map { line in
            try Line(
                sku: line.sku,
                name: line.name,
                quantity: line.quantity,
                unitPrice: line.unitPrice,
                vatRate: new[line.vatRate] ?? line.vatRate
            )
        }
        source.shippingRate = new[source.shippingRate] ?? source.shippingRate
    }
}

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
    /// - Throws: a `Problem` with 409 if it is issued already, 412 if it has changed, 422 with the
    ///   rules that it breaks still; `MariaDBError`.
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
            guard let cause = InvoiceCause(key: record.causeKey) else {
                throw UnknownWord(column: "cause_key", word: record.causeKey)
            }
            guard correction.rates.isEmpty || cause.kind == .invoice else {
                throw Problem.keepsRates
            }
            var draft = try issuer.draft(
                for: cause,
                amount: cause.refundID == nil ? nil : record.gross.minor,
                as: correction,
                change,
                &transaction
            )
            let today = change.now.dayInRomania
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

extension InvoiceCause {
    /// Reads what `key` has written; nil if it is no cause.
    init?(key: String) {
        let parts = key.split(separator: ":")
        guard parts.count == 2, let id = Int64(parts[1]) else { return nil }
        switch parts[0] {
        case "order": self = .order(id)
        case "refund": self = .refund(id)
        case "cancel": self = .ending(id)
        default: return nil
        }
    }
}

extension Problem {
    fileprivate static func isIssued(_ record: InvoiceRecord) -> Problem {
        Problem(
            .conflict,
            "illegal_transition",
            "This document is issued; it is corrected by a credit note alone.",
            extensions: [
                ("invoiceState", .string(record.state.rawValue)), ("allowed", .array([])),
            ]
        )
    }

    fileprivate static func nothingBears(at index: Int) -> Problem {
        invalid(
            .unprocessableContent,
            pointer: "/rates/\(index)/from",
            code: "value",
            detail: "Nothing of this order bears this rate."
        )
    }

    fileprivate static func isInForce(at index: Int, on day: CalendarDate) -> Problem {
        invalid(
            .unprocessableContent,
            pointer: "/rates/\(index)/from",
            code: "value",
            detail: "This rate was in force on \(day), so it stays."
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
