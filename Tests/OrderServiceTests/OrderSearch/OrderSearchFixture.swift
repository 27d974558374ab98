import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

extension ServiceUnderTest {
    /// A guest's order with this contact.
    func placedOrder(name: String, email: String, phone: String) throws -> Placed {
        let checkout = try readyCheckout(email: email)
        let contact: JSON = ["contact": ["name": .string(name), "phone": .string(phone)]]
        try #require(send(.patch, checkout.path, token: checkout.token, contact).status == 200)
        return try placedOrder(of: checkout)
    }

    /// A guest's order by this name.
    func placedOrder(name: String) throws -> Placed {
        try placedOrder(name: name, email: "ana@example.ro", phone: "+40 722 000 111")
    }

    /// Asks for orders by fields that are not encoded yet.
    func search(_ fields: KeyValuePairs<String, String>, token: String) -> TestAnswer {
        let query = fields.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        return send(.get, "/v1/admin/orders?\(query)", token: token)
    }

    /// The ids of the orders on the first page.
    func found(_ fields: KeyValuePairs<String, String>, token: String) -> [Int64] {
        (search(fields, token: token)["items"].array ?? []).compactMap { $0["id"]?.integer }
    }

    /// A session of support that lives as long as a test moves the clock.
    func support() throws -> String { try session("support-1", .support, seconds: 1_000_000) }
}
