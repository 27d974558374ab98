import Commerce
import Web

/// What a member of staff asks to refund.
struct RefundWish: Sendable {
    /// Pieces of one of the order's lines.
    struct Item: Sendable {
        enum Line: Sendable {
            case sku(String)
            case position(Int)
        }

        let line: Line
        let quantity: Int
    }

    /// In minor units of the order's currency.
    let amount: Int64?
    let items: [Item]?
    let reason: String

    /// Reads `{amount?, items?: [{sku | position, quantity}], reason}`.
    ///
    /// - Throws: a `Problem` with 400 or 422 and all faults.
    init(_ bytes: [UInt8]) throws(Problem) {
        let body = try BodyReader(bytes)
        // Without either, all is given back; so what somebody failed to fill in is a fault.
        Self.refuseNull(["amount", "items"], in: body)
        amount = body.integer("amount", in: 1...1_000_000_000_000)
        items = body.objects("items", count: 1...200) { item -> Item? in
            Self.refuseNull(["sku", "position"], in: item)
            let sku = item.string("sku", length: 1...64)
            let position = item.integer("position", in: 1...1_000)
            let quantity = item.integer("quantity", in: 1...999, required: true)
            if sku != nil, position != nil {
                item.report("position", "duplicate", "Either sku or position is expected.")
            }
            if !item.has("sku"), !item.has("position") {
                item.report("sku", "required", "A sku or a position is expected.")
            }
            guard let quantity else { return nil }
            if let position { return Item(line: .position(Int(position)), quantity: Int(quantity)) }
            return sku.map { Item(line: .sku($0), quantity: Int(quantity)) }
        }
        let reason = body.string("reason", length: 1...500, required: true)
        if amount != nil, body.has("items") {
            body.report("items", "duplicate", "Either amount or items is expected.")
        }
        try body.finish()
        guard let reason else { throw .internalError }
        self.reason = reason
    }

    private static func refuseNull(_ names: [String], in body: BodyReader) {
        for name in names where body.isNull(name) {
            body.report(name, "type", "Null is not expected; leave the member out.")
        }
    }
}

extension RefundWish {
    /// The parts of the order's lines that are asked for, each line once.
    ///
    /// - Parameters:
    ///   - items: as they were asked for.
    ///   - lines: of the order, in the order of their positions.
    ///   - taken: pieces that earlier refunds have, by position.
    /// - Returns: unit price × quantity of each line.
    /// - Throws: a `Problem` with 422 for lines that the order does not have, 409 for more than is
    ///   left of one.
    static func parts(
        _ items: [Item],
        of lines: [Line],
        taken: [Int: Int]
    ) throws -> [RefundLine] {
        var wanted: [Int: Int] = [:]
        for (index, item) in items.enumerated() {
            let position = try position(of: item.line, at: index, in: lines)
            wanted[position, default: 0] += item.quantity
            let left = lines[position - 1].quantity - taken[position, default: 0]
            guard wanted[position, default: 0] <= left else {
                throw Problem.refundExceedsCaptured(
                    faults: [
                        Problem.Fault(
                            pointer: "/items/\(index)/quantity",
                            code: "range",
                            detail: "\(max(left, 0)) of this line can still be refunded."
                        )
                    ]
                )
            }
        }
        return try wanted.sorted { $0.key < $1.key }.map { position, quantity in
            RefundLine(
                position: position,
                quantity: quantity,
                amount: try lines[position - 1].unitPrice.multiplied(by: quantity)
            )
        }
    }

    private static func position(
        of line: Item.Line,
        at index: Int,
        in lines: [Line]
    ) throws(Problem) -> Int {
        switch line {
        case .position(let position):
            guard lines.indices.contains(position - 1) else {
                throw unknownLine("/items/\(index)/position", "The order has no such line.")
            }
            return position
        case .sku(let sku):
            let found = lines.indices.filter { lines[$0].sku == sku }
            guard let first = found.first, found.count == 1 else {
                let detail =
                    found.isEmpty
                    ? "The order has no such line."
                    : "Several lines have this sku; name one by its position."
                throw unknownLine("/items/\(index)/sku", detail)
            }
            return first + 1
        }
    }

    private static func unknownLine(_ pointer: String, _ detail: String) -> Problem {
        .invalid(.unprocessableContent, pointer: pointer, code: "unknown_sku", detail: detail)
    }
}

extension Problem {
    static let paymentDisputed = Problem(
        .conflict,
        "payment_disputed",
        "The payer has disputed the payment; the bank decides where the money goes."
    )

    /// More is asked for than is left of what was captured.
    static func refundExceedsCaptured(left: Money? = nil, faults: [Fault] = []) -> Problem {
        Problem(
            .conflict,
            "refund_exceeds_captured",
            "More is asked for than is left to refund.",
            faults: faults,
            extensions: left.map { [("refundable", $0.json)] } ?? []
        )
    }

    static func rateLimited(retryAfter seconds: Int64) -> Problem {
        Problem(
            .tooManyRequests,
            "rate_limited",
            "The limit is reached; try again later.",
            fields: [Response.Field("Retry-After", String(seconds))]
        )
    }
}
