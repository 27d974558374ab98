import Web

/// Money on its way back to a payer.
struct Refund {
    enum Status: String, CaseIterable {
        case pending
        case requiresAction = "requires_action"
        case succeeded
        case failed
        case canceled
    }

    let id: String
    let charge: String
    let intent: String
    let created: Instant
    let amount: Int64
    let currency: String
    let reason: String?
    var metadata: [String: String]
    var status: Status
    var failureReason: String?
    /// When the refund goes on by itself, and to which state.
    var next: (at: Instant, status: Status)?

    /// Whether the amount counts as given back.
    var counts: Bool { status != .failed && status != .canceled }

    var json: JSON {
        var object = ObjectBuilder()
        object["id"] = .string(id)
        object["object"] = "refund"
        object["amount"] = JSON(amount)
        object["balance_transaction"] = counts ? .string("txn_" + id.dropFirst(3)) : .null
        object["charge"] = .string(charge)
        object["created"] = JSON(created.seconds)
        object["currency"] = .string(currency)
        object["destination_details"] = [
            "card": [
                "reference_status": "pending", "reference_type": "acquirer_reference_number",
                "type": "refund",
            ],
            "type": "card",
        ]
        if status == .failed {
            object["failure_balance_transaction"] = .string("txn_" + id.dropFirst(3) + "f")
            object["failure_reason"] = .string(failureReason ?? "unknown")
        }
        object["metadata"] = JSON(strings: metadata)
        object["payment_intent"] = .string(intent)
        if status == .pending { object["pending_reason"] = "processing" }
        object["reason"] = JSON(reason)
        object["receipt_number"] = nil
        object["source_transfer_reversal"] = nil
        object["status"] = .string(status.rawValue)
        object["transfer_reversal"] = nil
        return object.json
    }
}
