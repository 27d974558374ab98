import MariaDB
import OrderService
import OrderServiceHarness
import Redis
import Signing
import Web

/// What tests of look-ups do and see.
extension ServiceUnderTest {
    /// The limits of look-ups as settings.
    static func lookUpLimits(
        address: Int = 20,
        order: Int = 5,
        email: Int = 5
    ) -> [String: String] {
        [
            "GUEST_LOOKUP_LIMIT_ADDRESS_HOUR": String(address),
            "GUEST_LOOKUP_LIMIT_ORDER_HOUR": String(order),
            "GUEST_LOOKUP_LIMIT_EMAIL_HOUR": String(email), "LIMIT_PROCESSES": "2",
        ]
    }

    @discardableResult
    func lookUp(
        _ number: String,
        _ email: String = "ana@example.ro",
        from address: String = "127.0.0.1",
        to application: OrderApplication? = nil
    ) -> TestAnswer {
        send(
            .post,
            "/v1/guest/lookup",
            from: address,
            to: application,
            ["orderNumber": .string(number), "email": .string(email)]
        )
    }

    /// The number that a guest knows.
    func number(of order: Placed) -> String {
        order.answer["order", "orderNumber"].string ?? ""
    }

    /// The look-ups that the mailer has been told of, in the stream's order.
    func requestedLinks() throws -> [JSON] {
        try streamedEvents().filter { $0["type"] == "guest.link.requested" }
    }

    /// Looks an order up, and lets the worker tell the mailer.
    func requestedLookUp(of order: Placed) throws -> String {
        lookUp(number(of: order))
        try drain()
        return try requestedLinks().last?["data"]?["lookup"]?["id"]?.string ?? ""
    }

    func issueLink(_ lookUpID: String, _ token: String) -> TestAnswer {
        send(.post, "/v1/guest/links", token: token, ["lookupId": .string(lookUpID)])
    }

    /// The record of an order's guests as support sees it, newest first.
    func guestAccesses(of orderID: Int64) throws -> [JSON] {
        try services.guestAccesses.flush(until: soon)
        let token = try session("support-1", .support)
        let path = "/v1/admin/orders/\(orderID)/guest-accesses?size=100"
        return send(.get, path, token: token)["items"].array ?? []
    }

    /// The logs of look-ups in Redis, all keys of theirs.
    func lookUpKeys() throws -> [String] {
        let reply = try services.stateRedis.send(Command("KEYS", "guest:lookup:*"), until: soon)
        return (reply.array ?? []).compactMap {
            $0.bytes.map { String(decoding: $0, as: UTF8.self) }
        }
    }
}

extension Digest {
    /// The hash that a token is known by.
    static func of(_ token: String) -> Digest { SHA256.digest(token.utf8) }
}
