import Commerce

/// What a document is made for; each makes one at most.
enum InvoiceCause: Sendable, Hashable {
    /// The order was sold.
    case order(Int64)
    /// Money went back.
    case refund(Int64)
    /// The order ended, and no more of its money goes back.
    case ending(Int64)

    /// The unique key `invoices.cause_key`.
    var key: String {
        switch self {
        case .order(let id): "order:\(id)"
        case .refund(let id): "refund:\(id)"
        case .ending(let id): "cancel:\(id)"
        }
    }

    var kind: InvoiceDocument.Kind {
        if case .order = self { .invoice } else { .creditNote }
    }

    var refundID: Int64? {
        if case .refund(let id) = self { id } else { nil }
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
