import Curl
import Resilience
import Web

/// A customer's cart as user-service holds it.
struct Cart: Sendable {
    struct Item: Sendable {
        let sku: String
        let quantity: Int

        /// Reads user-service's object; nil if it is none.
        init?(_ json: JSON) {
            guard let sku = json["sku"]?.string, let quantity = json["quantity"]?.integer else {
                return nil
            }
            self.sku = sku
            self.quantity = Int(clamping: quantity)
        }
    }

    let id: String
    let version: Int64
    let items: [Item]
}

/// What user-service knows of a customer.
struct CustomerProfile: Sendable {
    let email: String?
    let name: String?
    let phone: String?
}

/// Calls to user-service.
struct UserServiceClient: Sendable {
    let upstream: Upstream
    let baseURL: String

    /// A customer's cart; the answer is nil if there is no such customer.
    func cart(
        of userID: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<Cart?, UpstreamFailure> {
        get("/users/\(PercentEncoding.encode(userID))/cart", "cart", until: deadline, calls) {
            json in
            guard let list = json["items"]?.array else { return nil }
            let items = list.compactMap(Cart.Item.init)
            // Half a cart is not what the customer wants to buy.
            guard items.count == list.count else { return nil }
            return Cart(
                id: json["id"]?.string ?? "",
                version: json["version"]?.integer ?? 0,
                items: items
            )
        }
    }

    /// A customer's profile; the answer is nil if there is no such customer.
    func profile(
        of userID: String,
        until deadline: Deadline,
        _ calls: CallLog?
    ) -> Outcome<CustomerProfile?, UpstreamFailure> {
        get("/users/\(PercentEncoding.encode(userID))", "profile", until: deadline, calls) {
            CustomerProfile(
                email: $0["email"]?.string,
                name: $0["name"]?.string,
                phone: $0["phone"]?.string
            )
        }
    }

    private func get<Value: Sendable>(
        _ path: String,
        _ operation: String,
        until deadline: Deadline,
        _ calls: CallLog?,
        _ read: @escaping @Sendable (JSON) -> Value?
    ) -> Outcome<Value?, UpstreamFailure> {
        upstream.read(
            HTTPRequest(method: .get, url: baseURL + path),
            operation,
            until: deadline,
            calls
        ) { answer -> Value?? in
            // Only in its own words: what stands between us may say 404 as well.
            if answer.status == 404, answer.json["code"]?.string == "not_found" {
                return .some(nil)
            }
            guard answer.status == 200, let value = read(answer.json) else { return nil }
            return .some(value)
        }
    }
}
