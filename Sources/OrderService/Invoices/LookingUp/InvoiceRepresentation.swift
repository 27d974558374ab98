import Commerce
import MariaDB
import Web

/// The JSON forms of an invoice or a credit note.
enum InvoiceRepresentation {
    /// What staff see in lists, and at the head of the whole.
    static func members(_ invoice: InvoiceSummary) -> [(name: String, value: JSON)] {
        [
            ("id", .string(invoice.publicID)),
            ("state", .string(invoice.state.rawValue)),
            ("kind", .string(invoice.kind.rawValue)),
            ("number", JSON(invoice.number?.description)),
            ("issueDate", JSON(invoice.issueDate?.description)),
            ("deadline", JSON(invoice.deadline?.description)),
            ("orderId", .integer(invoice.orderID)),
            ("orderNumber", .string(invoice.orderNumber)),
            ("creditedInvoiceId", JSON(invoice.credited?.publicID)),
            ("buyer", ["name": JSON(invoice.buyerName), "cui": JSON(invoice.buyerCUI)]),
            ("total", invoice.total.json),
            ("createdAt", .string(invoice.createdAt.rfc3339)),
            ("version", .integer(invoice.version)),
        ]
    }

    /// The whole as a cache keeps it.
    ///
    /// The document goes in as it is stored, without being read; beside it stand the order and its
    /// customer, whom a look of the staff is about.
    static func entry(
        _ content: InvoiceReader.Content,
        _ submissions: [InvoiceReader.Submission]
    ) -> CacheEntry {
        let head = JSON.object(
            members(content.summary) + [
                ("faults", content.faults.map(stored) ?? .null),
                ("submissions", .array(submissions.map(submission))),
            ]
        )
        var body = head.serialized()
        body.removeLast()
        body += ",\"document\":".utf8
        body += (content.isReduced ? "null" : content.document).utf8
        body.append(UInt8(ascii: "}"))
        return CacheEntry(
            version: content.summary.version,
            owner: content.userID,
            fragment: Array("\(content.summary.orderID)".utf8),
            body: body
        )
    }

    /// Whose order it is; nil in an entry of an earlier version.
    static func order(of entry: CacheEntry) -> OwnedOrder? {
        Int64(String(decoding: entry.fragment, as: UTF8.self))
            .map { OwnedOrder(id: $0, userID: entry.userID) }
    }

    private static func submission(_ submission: InvoiceReader.Submission) -> JSON {
        [
            "attempt": JSON(submission.attempt),
            "channel": .string(submission.channel),
            "state": .string(submission.state.rawValue),
            "uploadIndex": JSON(submission.uploadIndex),
            "downloadId": JSON(submission.downloadID),
            "faults": submission.faults.map(stored) ?? .null,
            "createdAt": .string(submission.createdAt.rfc3339),
            "uploadedAt": JSON(submission.uploadedAt?.rfc3339),
            "checkedAt": JSON(submission.checkedAt?.rfc3339),
            "finishedAt": JSON(submission.finishedAt?.rfc3339),
        ]
    }

    /// JSON of a column, which checks that it is.
    private static func stored(_ text: String) -> JSON {
        (try? JSON(parsing: Array(text.utf8))) ?? .null
    }

    /// An order's documents, for its owner and its guest, or with their states for staff.
    static func ofOrder(_ orderID: Int64, _ invoices: [InvoiceSummary], isStaff: Bool) -> JSON {
        ["orderId": .integer(orderID), "items": .array(invoices.map { item($0, isStaff) })]
    }

    private static func item(_ invoice: InvoiceSummary, _ isStaff: Bool) -> JSON {
        let credits = invoice.credited.map { credited -> JSON in
            ["id": .string(credited.publicID), "number": JSON(credited.number)]
        }
        let path = "/v1/orders/\(invoice.orderID)/invoices/\(invoice.publicID)"
        let hrefs: JSON = ["print": .string("\(path)/print"), "ubl": .string("\(path)/ubl")]
        var members: [(name: String, value: JSON)] = [
            ("id", .string(invoice.publicID)),
            ("kind", .string(invoice.kind.rawValue)),
            ("number", JSON(invoice.number?.description)),
            ("issueDate", JSON(invoice.issueDate?.description)),
            ("total", invoice.total.json),
            ("credits", credits ?? .null),
            ("hrefs", invoice.number == nil ? .null : hrefs),
        ]
        if isStaff {
            members.append(("state", .string(invoice.state.rawValue)))
            members.append(("deadline", JSON(invoice.deadline?.description)))
        }
        return .object(members)
    }
}
