import Commerce
import MariaDB
import Web

/// What a search of orders is narrowed by: an order is found if all of it fits.
struct OrderSearchFilter: Sendable {
    private(set) var number: OrderNumber?
    private(set) var email: EmailAddress?
    private(set) var phone: PhoneDigits?
    private(set) var name: NameWords?
    /// The id of a PaymentIntent of the order, also of one that failed.
    private(set) var intentID: String?
    private(set) var status: OrderStatus?
    private(set) var paymentStatus: PaymentStatus?
    /// When the order was made: from this on.
    private(set) var start: Timestamp?
    /// And before this.
    private(set) var end: Timestamp?

    /// The fields of the query that narrow.
    static let fields = [
        "number", "email", "phone", "name", "paymentIntent", "status", "paymentStatus", "from",
        "to",
    ]
    private static let longestName = 200
    private static let longestIntent = 64

    /// Reads the filters of a query; what is not one of `fields` is left alone.
    ///
    /// - Throws: a `Problem` with 400 that names all fields that cannot be read.
    init(_ query: Query) throws(Problem) {
        var faults: [Problem.Fault] = []
        func read<Value>(
            _ field: String,
            _ code: String,
            _ detail: String,
            _ make: (String) -> Value?
        ) -> Value? {
            guard let text = query[field] else { return nil }
            if let value = make(text) { return value }
            faults.append(.init(pointer: "?\(field)", code: code, detail: detail))
            return nil
        }
        func word<Word>(_ field: String, _ type: Word.Type) -> Word?
        where Word: RawRepresentable<String> & CaseIterable {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            return read(field, "value", "\(field) must be one of \(words).", Word.init(rawValue:))
        }
        number = read("number", "format", "number must be an order's, such as RO-7Q4K-92MX-3.") {
            OrderNumber(parsing: $0)
        }
        email = read("email", "format", "email must be a whole e-mail address.", Self.email)
        phone = read("phone", "format", "phone has 6 or more digits, blanks and + - . / ( ).") {
            PhoneDigits($0)
        }
        name = read("name", "format", "name must have 1 to 8 words, and 200 characters at most.") {
            $0.unicodeScalars.count <= Self.longestName ? NameWords($0) : nil
        }
        intentID = read(
            "paymentIntent",
            "format",
            "paymentIntent must be the id of a PaymentIntent.",
            Self.intentID
        )
        status = word("status", OrderStatus.self)
        paymentStatus = word("paymentStatus", PaymentStatus.self)
        let form = "must be a day such as 2026-02-28, or a time by RFC 3339 in UTC."
        start = read("from", "format", "from \(form)") { text in
            Timestamp(day: text) ?? Timestamp(rfc3339: text)
        }
        end = read("to", "format", "to \(form)") { text in
            Timestamp(day: text).map { $0 + .seconds(86_400) } ?? Timestamp(rfc3339: text)
        }
        guard faults.isEmpty else {
            throw Problem(
                .badRequest,
                "invalid_request",
                "The request has faults; see errors.",
                faults: faults
            )
        }
    }

    /// An address; what stands in the place of addresses that are gone is none.
    private static func email(_ text: String) -> EmailAddress? {
        EmailAddress(parsing: text.trimmed)
            .flatMap { $0.description == OrderReduction.erasedEmail ? nil : $0 }
    }

    private static func intentID(_ text: String) -> String? {
        let isName = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: "_")
        }
        return isName && (1...longestIntent).contains(text.utf8.count) ? text : nil
    }
}
