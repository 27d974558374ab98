import Commerce
import Logging
import MariaDB
import UBL
import Web

/// Issues documents within a change of their order: made, held against the rules, numbered, written.
///
/// The rules are asked before a number is taken, so one that the tax office would not accept takes
/// none; it is put down as rejected, for somebody to correct.
struct InvoiceIssuer: Sendable {
    let drafting: InvoiceDrafting
    let methods: ShippingMethods
    let logger = Logger(label: "orderd.invoices")

    /// The order's billing is gone, so there is nobody to make a document for.
    struct NobodyToBill: Error, CustomStringConvertible {
        let description = "the order's billing cannot be read"
    }

    /// The credit note's invoice is not there.
    struct NothingToCredit: Error, CustomStringConvertible {
        let description = "there is no invoice to credit"
    }

    /// Makes the document that is due.
    ///
    /// - Parameters:
    ///   - cause: what it is made for.
    ///   - amount: of a credit note, in minor units; nil for all that is left.
    ///   - correction: somebody's, of a document that was rejected.
    ///   - change: of the order, which is locked.
    ///   - transaction: the change's.
    /// - Returns: a draft that nobody has held against the rules.
    /// - Throws: why it cannot be made; `MariaDBError`.
    func draft(
        for cause: InvoiceCause,
        amount: Int64?,
        as correction: InvoiceCorrection? = nil,
        _ change: OrderChange,
        _ transaction: inout Transaction
    ) throws -> InvoiceStore.Draft {
        let order = change.order
        let today = change.now.dayInRomania
        guard let number = drafting.standIn(for: cause.kind) else { throw NothingToCredit() }
        guard cause.kind == .creditNote else {
            var source = try source(of: order, &transaction)
            try correction?.correctRates(of: &source, on: today)
            let document = try drafting.invoice(
                of: source,
                to: correction?.buyer,
                number: number,
                on: today
            )
            return .init(cause: cause, orderID: order.id, creditedID: nil, document: document)
        }
        let issued = try InvoiceStore.issued(of: order.id, in: &transaction)
        guard let invoice = issued.first(where: { $0.record.kind == .invoice }) else {
            throw NothingToCredit()
        }
        guard invoice.document.issueDate <= today else {
            throw InvoiceStore.DayToCome(
                subject: invoice.document.number.description,
                day: invoice.document.issueDate
            )
        }
        let document = try drafting.creditNote(
            of: invoice.document,
            after: issued.filter { $0.record.kind == .creditNote }.map(\.document),
            amount: amount,
            pieces: try pieces(of: cause, amount: amount, &transaction),
            payback: try payback(of: cause, order, &transaction),
            to: correction?.buyer,
            number: number,
            on: today
        )
        return .init(
            cause: cause,
            orderID: order.id,
            creditedID: invoice.record.id,
            document: document
        )
    }

    /// The rules that a draft breaks.
    ///
    /// - Throws: `XMLError`.
    func faults(of document: InvoiceDocument, on today: CalendarDate) throws -> [UBLFault] {
        try UBLRules.faults(of: UBLWriter.bytes(of: document), today: today)
    }

    /// Gives a draft of today that breaks no rule its number.
    ///
    /// - Throws: `InvoiceStore.DayToCome` if nothing may be issued today; `MariaDBError`.
    func number(
        _ draft: inout InvoiceStore.Draft,
        on today: CalendarDate,
        in transaction: inout Transaction
    ) throws -> InvoiceStore.Issue {
        let kind = draft.document.kind
        draft.document.number = try InvoiceStore.takeNumber(
            of: drafting.series(of: kind),
            kind,
            on: today,
            in: &transaction
        )
        return InvoiceStore.Issue(
            xml: try UBLWriter.bytes(of: draft.document),
            deadline: SubmissionDeadline.date(
                issuedOn: today,
                suppliedOn: kind == .invoice ? draft.document.deliveryDate : nil
            )
        )
    }

    /// Issues what is due, or puts it down as rejected.
    ///
    /// - Returns: what has been written.
    func issue(
        _ cause: InvoiceCause,
        amount: Int64?,
        _ change: inout OrderChange,
        _ transaction: inout Transaction
    ) throws -> InvoiceAccount.Entry {
        var draft = try draft(for: cause, amount: amount, change, &transaction)
        let today = change.now.dayInRomania
        let faults = try faults(of: draft.document, on: today)
        if faults.isEmpty {
            let issue = try number(&draft, on: today, in: &transaction)
            let id = try InvoiceStore.insert(draft, issue, at: change.now, in: &transaction)
            Self.tell(id, draft.document, cause: nil, &change)
        } else {
            try reject(draft, faults, &change, &transaction)
        }
        return InvoiceAccount.Entry(
            cause: cause.key,
            kind: draft.document.kind,
            isIssued: faults.isEmpty,
            gross: draft.document.totals.gross.minor
        )
    }

    /// Tells history and outside that a document was issued.
    static func tell(
        _ id: String,
        _ document: InvoiceDocument,
        cause: String?,
        _ change: inout OrderChange
    ) {
        let text = [document.number.description, cause].compactMap { $0 }.joined(separator: ": ")
        change.record("invoice.issued", cause: text.cut(toVarChar: 255), isPublic: true)
        change.announce(
            .invoiceIssued,
            about: (
                "invoice",
                [
                    "id": .string(id), "kind": .string(document.kind.rawValue),
                    "number": .string(document.number.description),
                    "issueDate": .string(document.issueDate.description),
                    "gross": document.totals.gross.json,
                ]
            )
        )
    }

    private func source(
        of order: Order,
        _ transaction: inout Transaction
    ) throws -> InvoiceDrafting.Source {
        let row = try InvoiceStore.sourceRow(of: order, in: &transaction)
        guard let json = try? JSON(parsing: Array(row.billing.utf8)),
            let billing = CheckoutSession.Billing(stored: json)
        else { throw NobodyToBill() }
        return InvoiceDrafting.Source(
            orderNumber: order.number,
            method: order.paymentMethod,
            billing: billing,
            lines: try InvoiceStore.lines(of: order.id, in: &transaction),
            total: order.total,
            shipping: order.shipping,
            shippingRate: methods[row.shippingMethod]?.vatRate ?? .standard,
            captured: row.captured,
            paidOn: row.paidAt?.dayInRomania,
            shippedOn: row.shippedAt?.dayInRomania
        )
    }

    /// What has become of the money that a credit note is about.
    private func payback(
        of cause: InvoiceCause,
        _ order: Order,
        _ transaction: inout Transaction
    ) throws -> InvoiceDrafting.Payback {
        if let refundID = cause.refundID {
            // One that Stripe would not do, and somebody has done by hand.
            let isByHand = try InvoiceStore.isByHand(refund: refundID, in: &transaction)
            return isByHand ? .refundedOtherwise : .refunded
        }
        let account = try InvoiceStore.account(of: order, in: &transaction)
        return switch (account.kept > 0, account.lost > 0) {
        case (true, true): .partlyChargedBack
        case (true, false): .owed
        case (false, true): .chargedBack
        case (false, false): .nothing
        }
    }

    /// The pieces that a refund was asked for, if they are what is credited of it.
    private func pieces(
        of cause: InvoiceCause,
        amount: Int64?,
        _ transaction: inout Transaction
    ) throws -> [Crediting.Piece] {
        guard let refundID = cause.refundID else { return [] }
        let pieces = try InvoiceStore.pieces(of: refundID, in: &transaction)
        return pieces.reduce(0) { $0 + $1.gross.minor } == amount ? pieces : []
    }
}

extension Timestamp {
    /// The day in Romania, by whose calendar documents are dated.
    var dayInRomania: CalendarDate { .inRomania(secondsSinceEpoch: seconds) }
}
