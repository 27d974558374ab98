import Commerce
import OrderService
import Testing

@Suite("The OpenAPI document's words") struct WordsTests {
    /// An enumeration of the document, and where its words come from.
    struct Enumeration: CustomTestStringConvertible {
        let schema: String
        let words: [String]

        init<Word: RawRepresentable & CaseIterable>(_ schema: String, _ type: Word.Type)
        where Word.RawValue == String {
            self.schema = schema
            words = type.allCases.map(\.rawValue)
        }

        var testDescription: String { schema }
    }

    private static let enumerations = [
        Enumeration("OrderStatus", OrderStatus.self),
        Enumeration("OrderEvent", OrderEvent.self),
        Enumeration("PaymentStatus", PaymentStatus.self),
        Enumeration("PaymentMethod", PaymentMethod.self),
        Enumeration("PaymentDoubt", PaymentDoubt.self),
        Enumeration("ReservationStatus", ReservationStatus.self),
        Enumeration("FulfilmentEvent", FulfilmentEvent.self),
        Enumeration("RefundStatus", RefundStatus.self),
        Enumeration("BulkCancelOutcome", BulkCancelOutcome.self),
        Enumeration("BulkCancelState", BulkCancelState.self),
        Enumeration("FraudReviewStatus", FraudReviewStatus.self),
        Enumeration("InvoiceKind", InvoiceDocument.Kind.self),
        Enumeration("InvoiceState", InvoiceState.self),
        Enumeration("Role", Role.self),
        Enumeration("BreakerState", BreakerState.self),
        Enumeration("BreakerMode", BreakerMode.self),
        Enumeration("GuestScope", GuestScope.self),
        Enumeration("GuestTokenOrigin", GuestTokenOrigin.self),
        Enumeration("GuestAccessEvent", GuestAccessEvent.self),
    ]

    @Test("are those of the code, in its order", arguments: enumerations)
    func areTheCodes(enumeration: Enumeration) throws {
        let document = try OpenAPIDocument()
        #expect(try document.words(of: enumeration.schema) == enumeration.words)
    }

    private static let schemas = enumerations.map(\.schema) + ["ProblemCode", "FaultCode"]

    @Test("have a meaning each", arguments: schemas)
    func areExplained(schema: String) throws {
        let document = try OpenAPIDocument()
        #expect(try document.explainedWords(of: schema) == document.words(of: schema))
    }

    @Test("for problems are those that the sources and nginx make")
    func problemCodes() throws {
        let made = try Self.sources().matches(of: /Problem\(\s*\.\w+,\s*"(\w+)"/)
            .map { String($0.output.1) }
        let served = try Repository.text("nginx/problems.conf").matches(of: /"code":"(\w+)"/)
            .map { String($0.output.1) }
        let documented = try OpenAPIDocument().words(of: "ProblemCode")
        #expect(Set(documented) == Set(made).union(served))
    }

    @Test("for faults of a body are those that the sources report")
    func faultCodes() throws {
        let sources = try Self.sources()
        let reported = sources.matches(of: /report\(\s*"?[\w.]+"?,\s*"(\w+)",/)
            .map { String($0.output.1) }
        let made = sources.matches(of: /code:\s*"([a-z_]+)"/).map { String($0.output.1) }
        let flaws = Address.Flaw.allCases.map(\.rawValue)
        let documented = try OpenAPIDocument().words(of: "FaultCode")
        #expect(Set(documented) == Set(reported).union(made).union(flaws))
    }

    /// What answers clients; the stand-ins have codes of their own.
    private static func sources() throws -> String {
        try ["Web", "FastCGI", "OrderService", "orderd"].map { target in
            try Repository.swiftSources(under: "Sources/\(target)")
        }.joined(separator: "\n")
    }
}
