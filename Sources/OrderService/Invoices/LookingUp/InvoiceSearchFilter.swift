import Commerce
import Web

/// What a look-up of invoices is narrowed by: one is found if all of it fits.
struct InvoiceSearchFilter: Sendable {
    /// The document's own number, in capitals.
    private(set) var number: String?
    private(set) var orderNumber: OrderNumber?
    private(set) var orderID: Int64?
    private(set) var cui: CUI?
    private(set) var buyer: NameWords?
    private(set) var state: InvoiceState?
    /// The day of issue: from this on.
    private(set) var start: CalendarDate?
    /// And up to this one.
    private(set) var end: CalendarDate?

    /// The fields of the query that narrow.
    static let fields = [
        "number", "orderNumber", "orderId", "cui", "buyer", "from", "to", "state",
    ]
    private static let longestName = 200
    private static let longestNumber = 40

    /// Reads the filters of a query; what is not one of `fields` is left alone.
    ///
    /// - Throws: a `Problem` with 400 that names all fields that cannot be read.
    init(_ query: Query) throws(Problem) {
        var faults: [Problem.Fault] = []
        func read<Value>(
            _ field: String,
            code: String = "format",
            _ rule: String,
            _ make: (String) -> Value?
        ) -> Value? {
            guard let text = query[field] else { return nil }
            if let value = make(text) { return value }
            faults.append(.init(pointer: "?\(field)", code: code, detail: "\(field) \(rule)"))
            return nil
        }
        number = read("number", "must be a document's, such as MEX000124.", Self.number)
        orderNumber = read("orderNumber", "must be an order's, such as RO-7Q4K-92MX-3.") {
            OrderNumber(parsing: $0)
        }
        orderID = read("orderId", "must be the number of an order.") { text in
            Int64(text).flatMap { $0 > 0 ? $0 : nil }
        }
        cui = read("cui", "must be a valid CUI, with or without RO.") { CUI(parsing: $0) }
        buyer = read("buyer", "must have 1 to 8 words, and 200 characters at most.") {
            $0.unicodeScalars.count <= Self.longestName ? NameWords($0) : nil
        }
        let states = InvoiceState.allCases.map(\.rawValue).joined(separator: ", ")
        state = read("state", code: "value", "must be one of \(states).") {
            InvoiceState(rawValue: $0)
        }
        start = read("from", "must be a day such as 2026-02-28.") { CalendarDate(parsing: $0) }
        end = read("to", "must be a day such as 2026-02-28.") { CalendarDate(parsing: $0) }
        guard faults.isEmpty else {
            throw Problem(
                .badRequest,
                "invalid_request",
                "The request has faults; see errors.",
                faults: faults
            )
        }
    }

    /// Letters and digits, as numbers are kept; blanks and hyphens are how people part them.
    static func number(_ text: String) -> String? {
        let bytes = text.uppercased().utf8.filter { !" -".utf8.contains($0) }
        let isNumber = bytes.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
        return isNumber && (1...longestNumber).contains(bytes.count)
            ? String(decoding: bytes, as: UTF8.self) : nil
    }
}
