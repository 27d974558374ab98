import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("The carts of checkout sessions", .enabled(if: ServiceUnderTest.isAvailable))
struct CheckoutCartTests {
    private static let create = "/v1/checkout/sessions"

    @Test("take a customer's cart and contact from user-service")
    func customer() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let answer = service.send(.post, Self.create, token: token, [:])
            #expect(answer.status == 201 && answer["token"] == .null)
            #expect(
                answer["lines"].array?.map { $0["sku"] } == ["CAFEA-250", "CANA-ALBA"]
            )
            #expect(answer["contact", "email"] == "client1@example.ro")
            #expect(answer["fromCache"] == false)
            let path = "\(Self.create)/\(answer["id"].string ?? "")"
            #expect(service.send(.get, path, token: token).status == 200)
        }
    }

    @Test("stand on the last copy of the cart while user-service is down, and say so")
    func cachedCart() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            #expect(service.send(.post, Self.create, token: token, [:]).status == 201)
            service.setFault("GET /users/*", "status", status: 503)
            let answer = service.send(.post, Self.create, token: token, [:])
            #expect(answer.status == 201)
            #expect(answer["fromCache"] == true && answer["requiresVerification"] == true)
            #expect(answer["lines"].array?.count == 2)
            #expect(answer["contact", "email"] == "client1@example.ro")

            let stranger = try service.session("2", .customer)
            let before = try service.rowCounts()
            let refused = service.send(.post, Self.create, token: stranger, [:])
            #expect(refused.status == 503 && refused.code == "dependency_unavailable")
            #expect(refused.field("Retry-After") == "5")
            #expect(try service.rowCounts() == before)
        }
    }

    @Test("believe no cart of which a part cannot be read, and keep the copy they have")
    func halfCart() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            #expect(service.send(.post, Self.create, token: token, [:]).status == 201)
            let half: JSON = [
                "match": "GET /users/*/cart", "kind": "status", "status": 200,
                "body": [
                    "id": "cart_1", "version": 9,
                    "items": [
                        ["sku": "CANA-ALBA", "quantity": 1],
                        ["sku": "CAFEA-250", "quantity": "2"],
                    ],
                ],
            ]
            #expect(service.standIn(.post, "/_faults", half).status == 201)
            for _ in 0..<2 {
                let answer = service.send(.post, Self.create, token: token, [:])
                #expect(answer.status == 201 && answer["fromCache"] == true)
                #expect(answer["lines"].array?.count == 2)
            }
        }
    }

    @Test("take a product that cannot be read for no product that is unknown")
    func halfProducts() async throws {
        try await ServiceUnderTest.run { service in
            let half: JSON = [
                "match": "GET /products", "kind": "status", "status": 200,
                "body": ["products": [["sku": "CANA-ALBA", "name": "Cană", "price": "12"]]],
            ]
            #expect(service.standIn(.post, "/_faults", half).status == 201)
            let answer = service.send(
                .post,
                Self.create,
                ["email": "a@b.ro", "items": [ServiceUnderTest.item()]]
            )
            #expect(answer.status == 503 && answer.code == "dependency_unavailable")
        }
    }

    @Test("cannot begin without prices", arguments: ["status", "garbage", "drop_before"])
    func productServiceDown(kind: String) async throws {
        try await ServiceUnderTest.run { service in
            service.setFault("GET /products", kind)
            let before = try service.rowCounts()
            let answer = service.send(
                .post,
                Self.create,
                ["email": "a@b.ro", "items": [ServiceUnderTest.item()]]
            )
            #expect(answer.status == 503 && answer.code == "dependency_unavailable")
            #expect(answer.field("Retry-After") == "5")
            #expect(try service.rowCounts() == before)
        }
    }
}
