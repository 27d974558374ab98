import MariaDB
import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

@Suite("Look-ups", .enabled(if: ServiceUnderTest.isAvailable))
struct LookUpTests {
    @Test("tell staff's form of the events from the owner's")
    func staffTags() async throws {
        try await ServiceUnderTest.run { service in
            let owner = try service.session("1", .customer)
            let staff = try service.session("s", .support)
            let order = try service.placedOrder(customer: "1", token: owner)
            let path = order.path + "/events"
            let tags = try [owner, staff].map { token in
                try #require(service.send(.get, path, token: token).field("ETag"))
            }
            for (token, tag, status) in [
                (owner, tags[0], 304), (staff, tags[1], 304), (owner, tags[1], 200),
                (staff, tags[0], 200),
            ] {
                let headers = [("If-None-Match", tag)]
                #expect(service.send(.get, path, token: token, headers: headers).status == status)
            }
        }
    }

    @Test("hide another user's order, and show it to staff")
    func ownership() async throws {
        try await ServiceUnderTest.run { service in
            let owner = try service.session("1", .customer)
            let order = try service.placedOrder(customer: "1", token: owner)
            let stranger = try service.session("2", .customer)
            for part in ["", "/items", "/payment", "/tracking", "/events"] {
                // First a miss, then a hit.
                for _ in 0..<2 {
                    #expect(service.send(.get, order.path + part, token: owner).status == 200)
                    let answer = service.send(.get, order.path + part, token: stranger)
                    #expect(answer.status == 404 && answer.code == "order_not_found")
                    for role in [Roles.support, .finance, .admin, .service] {
                        let staff = try service.session("1", role)
                        let seen = service.send(.get, order.path + part, token: staff)
                        #expect(seen.status == 200)
                    }
                }
            }
            let none = service.send(.get, "/v1/orders/999999", token: owner)
            #expect(none.status == 404 && none.code == "order_not_found")
            // An owner's id without the role of a customer opens nothing.
            let odd = try service.session("1", .finance)
            #expect(service.send(.get, "/v1/orders", token: odd).status == 403)
        }
    }

    @Test("page a customer's history densely, newest first")
    func history() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let ids = try (0..<7).map { _ in
                try service.placedOrder(customer: "1", token: token).id
            }
            let other = try service.session("2", .customer)
            _ = try service.placedOrder(customer: "2", token: other)
            func page(_ query: String, _ token: String = token) -> TestAnswer {
                service.send(.get, "/v1/orders?\(query)", token: token)
            }
            let seen = (0..<4).flatMap { number in
                page("page=\(number)&size=2")["items"].array?.compactMap { $0["id"]?.integer } ?? []
            }
            #expect(seen == ids.reversed())
            let first = page("")
            #expect(first["page"] == 0 && first["size"] == 20)
            #expect(first["totalItems"] == 7 && first["totalPages"] == 1)
            #expect(page("size=2")["totalPages"] == 4)
            #expect(page("page=4&size=2")["items"] == [])
            let summary = service.send(.get, "/v1/orders/\(ids[6])", token: token)
            #expect(first["items", "0"] == summary.json)

            let nobody = try service.session("3", .customer)
            #expect(page("", nobody)["totalItems"] == 0)
            let staff = try service.session("s", .support)
            let same = service.send(.get, "/v1/users/1/orders", token: staff)
            #expect(same.response.body == first.response.body)
            #expect(service.send(.get, "/v1/users/1/orders", token: token).status == 403)
        }
    }

    @Test("number a customer's orders without gaps when many are placed at once")
    func denseNumbers() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", .customer)
            let checkouts = try (0..<6).map { _ in
                try service.readyCheckout(customer: "1", token: token)
            }
            let answers = try checkouts.map { checkout in
                Companion { service.complete(checkout) }
            }.map { try $0.join() }
            #expect(answers.allSatisfy { $0.status == 201 })
            let rows = try service.query("SELECT user_seq FROM orders ORDER BY user_seq")
            #expect(try rows.map { try $0.int("user_seq") } == Array(1...6))
        }
    }

    @Test("show owners a public subset of what happened, and staff all of it")
    func events() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.paidOrder()
            let staff = try service.session("s", .support)
            let own = service.send(.get, order.path + "/events", token: order.token)
            let all = service.send(.get, order.path + "/events", token: staff)
            let kinds = own["items"].array?.compactMap { $0["event"]?.string } ?? []
            #expect(kinds.first == "order.placed" && kinds.contains("order.confirmed"))
            #expect(kinds.contains("payment.paid"))
            for item in own["items"].array ?? [] {
                #expect(item["actor"] == nil && item["cause"] == nil && item["version"] == nil)
            }
            let allKinds = all["items"].array?.compactMap { $0["event"]?.string } ?? []
            #expect(allKinds.contains("reservation.committed"))
            #expect(!kinds.contains("reservation.committed"))
            #expect(all["items", "0", "actor"] == "guest")
            #expect(own.response.body != all.response.body)
        }
    }

    @Test("show staff of their own orders what any customer is shown, of which no record is kept")
    func eventsOfOwn() async throws {
        try await ServiceUnderTest.run { service in
            let token = try service.session("1", [.customer, .support])
            let order = try service.placedOrder(customer: "1", token: token)
            let own = service.send(.get, order.path + "/events", token: token)
            #expect(own["items", "0", "event"] == "order.placed")
            #expect(own["items", "0", "actor"].isNull)
            #expect(try service.auditRecords().isEmpty)
            let other = try service.session("2", [.customer, .support])
            let all = service.send(.get, order.path + "/events", token: other)
            #expect(all["items", "0", "actor"] == "staff:1")
            #expect(try service.auditRecords().count == 1)
        }
    }

    @Test("answer HEAD as GET, and know no order before it is visible")
    func unseen() async throws {
        try await ServiceUnderTest.run { service in
            let order = try service.placedOrder()
            #expect(service.send(.head, order.path, token: order.token).status == 200)
            try service.execute("UPDATE orders SET visible_at = NULL")
            let admin = try service.session("a", .admin)
            let answer = service.send(.get, order.path + "/items", token: admin)
            #expect(answer.status == 404 && answer.code == "order_not_found")
        }
    }
}
