import Commerce
import Web

/// The stored form of a document: the column `invoices.document`, and the member `document` of
/// answers.
///
/// One that is not issued has no number. `InvoiceJSON+Reading.swift` reads it again.
enum InvoiceJSON {
    /// The form of this version; another one is another number.
    static let version: Int64 = 1

    /// Writes a document; without its number if it is not issued.
    static func json(of document: InvoiceDocument, isIssued: Bool = true) -> JSON {
        [
            "version": .integer(version),
            "kind": .string(document.kind.rawValue),
            "number": isIssued ? .string(document.number.description) : .null,
            "issueDate": .string(document.issueDate.description),
            "dueDate": JSON(document.dueDate?.description),
            "paymentTerms": JSON(document.paymentTerms),
            "deliveryDate": JSON(document.deliveryDate?.description),
            "currency": .string(document.currency.rawValue),
            "notes": .array(document.notes.map { .string($0) }),
            "orderNumber": .string(document.orderNumber),
            "preceding": document.preceding.map { preceding in
                [
                    "number": .string(preceding.number),
                    "issueDate": .string(preceding.issueDate.description),
                ]
            } ?? .null,
            "seller": party(document.seller),
            "buyer": party(document.buyer),
            "deliverTo": document.deliverTo.map(CheckoutRepresentation.address) ?? .null,
            "paymentMeans": paymentMeans(document.paymentMeans),
            "lines": .array(document.lines.map(line)),
            "adjustments": .array(document.adjustments.map(adjustment)),
            "vat": .array(document.vat.map(group)),
            "totals": totals(document.totals),
        ]
    }

    /// The same as the text of the column.
    static func text(of document: InvoiceDocument, isIssued: Bool = true) -> String {
        String(decoding: json(of: document, isIssued: isIssued).serialized(), as: UTF8.self)
    }

    static func party(_ party: InvoiceParty) -> JSON {
        var vatID: String?
        var cui: String?
        var cnp: String?
        switch party.identity {
        case .vatPayer(let code): vatID = "RO\(code)"
        case .company(let code): cui = code.description
        case .consumer(let number): cnp = number.description
        case .unidentifiedConsumer: break
        }
        return [
            "name": .string(party.name),
            "vatId": JSON(vatID),
            "cui": JSON(cui),
            "cnp": JSON(cnp),
            "tradeRegister": JSON(party.tradeRegister),
            "legalText": JSON(party.legalText),
            "address": CheckoutRepresentation.address(party.address),
            "contactName": JSON(party.contactName),
            "phone": JSON(party.phone),
            "email": JSON(party.email),
        ]
    }

    private static func paymentMeans(_ means: InvoicePaymentMeans) -> JSON {
        [
            "code": .string(means.code.rawValue),
            "text": .string(means.text),
            "iban": JSON(means.iban?.description),
            "accountName": JSON(means.accountName),
        ]
    }

    private static func line(_ line: InvoiceLine) -> JSON {
        [
            "position": JSON(line.position),
            "sku": JSON(line.sku),
            "name": .string(line.name),
            "quantity": JSON(line.quantity),
            "unitCode": .string(line.unitCode),
            "net": line.net.json,
            "gross": line.gross.json,
            "vatRate": JSON(line.vatRate.percent),
        ]
    }

    private static func adjustment(_ adjustment: InvoiceAdjustment) -> JSON {
        [
            "kind": .string(adjustment.kind.rawValue),
            "reason": .string(adjustment.reason),
            "net": adjustment.net.json,
            "gross": adjustment.gross.json,
            "vatRate": JSON(adjustment.vatRate.percent),
        ]
    }

    private static func group(_ group: InvoiceVAT) -> JSON {
        ["rate": JSON(group.rate.percent), "base": group.base.json, "vat": group.vat.json]
    }

    private static func totals(_ totals: InvoiceTotals) -> JSON {
        [
            "lines": totals.lines.json,
            "allowances": totals.allowances.json,
            "charges": totals.charges.json,
            "net": totals.net.json,
            "vat": totals.vat.json,
            "gross": totals.gross.json,
            "prepaid": totals.prepaid.json,
            "payable": totals.payable.json,
        ]
    }
}
