import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Synchronization
import Testing
import Web

@testable import OrderService

/// A customer's cart is bought once, through however many sessions.
@Suite("Carts and their orders", .enabled(if: ServiceUnderTest.isAvailable))
struct CartOrderTests {
    @Test("that two tabs complete are one order with one intent")
    func twoTabs() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let tabs = try [service.cartCheckout(token: token), service.cartCheckout(token: token)]
            let first = service.complete(tabs[0], key: "one")
            let second = service.complete(tabs[1], key: "two")
            #expect([first.status, second.status] == [201, 201])
            #expect(second["order", "id"] == first["order", "id"])
            #expect(second["payment", "clientSecret"] == first["payment", "clientSecret"])
            #expect(service.intents.count == 1)
            let again = service.complete(tabs[1], key: "two")
            #expect(again.text == second.text)
            #expect(again.field("Idempotent-Replayed") == "true")
        }
    }

    @Test("cost one attempt to pay, through however many tabs")
    func oneAttempt() async throws {
        let limits = ["PAYMENT_LIMIT_CUSTOMER_HOUR": "2", "PAYMENT_LIMIT_ADDRESS_HOUR": "2"]
        try await ServiceUnderTest.run(limits) { service in
            let token = try service.session("1", .customer)
            let tabs = try (0..<4).map { _ in try service.cartCheckout(token: token) }
            let answers = tabs.map { service.complete($0, key: $0.id) }
            #expect(answers.map(\.status) == [201, 201, 201, 201])
            #expect(answers.last?.field("RateLimit-Remaining") == "1")
        }
    }

    @Test("that many tabs complete at once are one order")
    func atOnce() async throws {
        try await ServiceUnderTest.run([
            "PAYMENT_LIMIT_CUSTOMER_HOUR": "100", "PAYMENT_LIMIT_ADDRESS_HOUR": "100",
            "PAYMENT_LIMIT_CUSTOMER_DAY": "100",
        ]) { service in
            let token = try service.session("1", .customer)
            let tabs = try (0..<8).map { _ in try service.cartCheckout(token: token) }
            let companions = tabs.map { tab in
                Companion { service.complete(tab, key: tab.id) }
            }
            let answers = try companions.map { try $0.join() }
            #expect(answers.map(\.status) == Array(repeating: 201, count: 8))
            #expect(Set(answers.map { $0["order", "id"].integer }).count == 1)
            #expect(Set(answers.map { $0["payment", "clientSecret"].string }).count == 1)
            #expect(service.intents.count == 1)
            #expect(try service.rowCounts()["orders"] == 1)
            // One attempt has been counted, whoever made it, and the next tab makes none.
            let next = service.complete(try service.cartCheckout(token: token), key: "next")
            #expect(next.status == 201 && next.field("RateLimit-Remaining") == "99")
        }
    }

    @Test("that one tab completes many times at once cost an attempt")
    func atOnceInOneTab() async throws {
        let most = 100
        try await ServiceUnderTest.run([
            "PAYMENT_LIMIT_CUSTOMER_HOUR": "\(most)", "PAYMENT_LIMIT_ADDRESS_HOUR": "1000",
            "PAYMENT_LIMIT_CUSTOMER_DAY": "1000",
        ]) { service in
            // Which of them is counted, and which makes the order, is left to chance.
            for round in 1...8 {
                let token = try service.session("1", .customer)
                let tab = try service.cartCheckout(token: token)
                let companions = (0..<8).map { number in
                    Companion { service.complete(tab, key: "\(round)-\(number)") }
                }
                let answers = try companions.map { try $0.join() }
                #expect(answers.map(\.status) == Array(repeating: 201, count: 8))
                let id = try #require(answers[0]["order", "id"].integer)
                // The next tab makes no attempt, and is told what is left.
                let other = try service.cartCheckout(token: token)
                let next = service.complete(other, key: "next-\(round)")
                #expect(next.field("RateLimit-Remaining") == "\(most - round)")
                let path = "/v1/orders/\(id)/cancel"
                let cancelled = service.send(.post, path, token: token, key: "cancel-\(round)")
                #expect(cancelled.status == 200)
            }
        }
    }

    @Test("may be bought again once the order has ended unpaid, and not while it stands")
    func again() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let first = service.complete(try service.cartCheckout(token: token), key: "one")
            let id = try #require(first["order", "id"].integer)
            let cancelled = service.send(.post, "/v1/orders/\(id)/cancel", token: token, key: "c")
            #expect(cancelled.status == 200)
            let second = service.complete(try service.cartCheckout(token: token), key: "two")
            #expect(second.status == 201)
            #expect(second["order", "id"] != first["order", "id"])

            service.advance(by: .seconds(2_000))
            try service.settle()
            let third = service.complete(try service.cartCheckout(token: token), key: "three")
            #expect(third["order", "id"] != second["order", "id"])
            try service.pay(secret: third["payment", "clientSecret"].string)
            try service.settle()
            let fourth = service.complete(try service.cartCheckout(token: token), key: "four")
            #expect(fourth["order", "id"] == third["order", "id"])
            #expect(fourth["payment", "status"] == "paid")
            // user-service has never emptied it: a day later it is another wish.
            service.advance(by: CartOrders.life)
            try service.drain()
            let fifth = service.complete(
                try service.cartCheckout(token: try service.session("1", .customer)),
                key: "five"
            )
            #expect(fifth["order", "id"] != third["order", "id"])
        }
    }

    @Test("are other carts once they, or the session's items, have changed")
    func changed() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let first = service.complete(try service.cartCheckout(token: token), key: "one")
            let filled = try service.readyCheckout(customer: "1", token: token)
            let second = service.complete(filled, key: "two")
            #expect(second["order", "id"] != first["order", "id"])
            let other = try service.cartCheckout(token: token)
            let items: JSON = ["items": [ServiceUnderTest.item("CANA-ALBA", 3)]]
            #expect(service.send(.patch, other.path, token: token, items).status == 200)
            let third = service.complete(other, key: "three")
            #expect(third.status == 201)
            #expect(third["order", "id"] != second["order", "id"])
        }
    }

    @Test("whose order has another total than expected are refused with that total")
    func otherTotal() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let tabs = try [service.cartCheckout(token: token), service.cartCheckout(token: token)]
            let pickup: JSON = ["shipping": ["method": "locker"]]
            #expect(service.send(.patch, tabs[1].path, token: token, pickup).status == 200)
            let shown = service.send(.get, tabs[1].path, token: token)["totals", "total"]
            let first = service.complete(tabs[0], key: "one")
            #expect(first["order", "total"] != shown)
            let refused = service.complete(tabs[1], key: "two", body: ["expectedTotal": shown])
            #expect(refused.status == 409 && refused["code"] == "totals_changed")
            #expect(refused["totals", "total"] == first["order", "total"])
            let accepted = service.complete(
                tabs[1],
                key: "three",
                body: ["expectedTotal": first["order", "total"]]
            )
            #expect(accepted["order", "id"] == first["order", "id"])
        }
    }
}
