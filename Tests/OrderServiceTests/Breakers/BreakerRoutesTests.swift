import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Resilience
import Testing
import Web

@Suite("Breakers for admins", .enabled(if: ServiceUnderTest.isAvailable))
struct BreakerRoutesTests {
    @Test("shows every dependency with what its breaker has counted")
    func shows() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let breaker = try service.services.breaker("stripe-payment")
            try breaker.open()
            #expect(throws: CircuitBreaker.Refused.self) { _ = try breaker.acquire() }
            let answer = service.send(.get, ServiceUnderTest.breakers, token: admin)
            let names = answer["items"].array?.compactMap { $0["name"]?.string }
            #expect(
                names == [
                    "stripe-payment", "stripe-refund", "stripe-read", "user-service",
                    "product-service", "fraud-scoring", "redis-cache", "redis-state", "mariadb",
                ]
            )
            #expect(answer["complete"] == true)
            let item = try service.item("stripe-payment", token: admin)
            let minimum = Int64(CircuitBreakerConfiguration().minimumCalls)
            #expect(item["state"] == "open" && item["mode"] == "auto" && item["order"] == .null)
            #expect(item["counts"]?["calls"]?.integer == minimum)
            #expect(item["counts"]?["failed"]?.integer == minimum)
            #expect(item["counts"]?["slow"] == 0 && item["inFlight"] == 0)
            #expect(item["failureRate"] == .number(100) && item["slowRate"] == .number(0))
            #expect(item["notPermitted"] == 1 && item["openings"] == 1 && item["generation"] == 1)
            #expect((1...15).contains(item["remainingWaitSeconds"]?.integer ?? 0))
            let processes = item["processes"]?.array ?? []
            #expect(processes.count == 1)
            #expect(processes[0]["process"]?.string == service.identity.text)
            #expect(processes[0]["kind"] == "serve" && processes[0]["state"] == "open")
            let other = try service.item("mariadb", token: admin)
            #expect(other["state"] == "closed" && other["failureRate"] == .null)
            #expect(other["remainingWaitSeconds"] == .null)
        }
    }

    @Test("lets admins only see and command")
    func roles() async throws {
        try await ServiceUnderTest.run { service in
            let target = "\(ServiceUnderTest.breakers)/mariadb"
            let body: JSON = ["mode": "auto", "reason": "a drill"]
            for role in Role.allCases where role != .admin {
                let token = try service.session("x", Roles([role]))
                for answer in [
                    service.send(.get, ServiceUnderTest.breakers, token: token),
                    service.send(.post, target, token: token, body),
                ] {
                    #expect(answer.status == 403 && answer.code == "forbidden_role")
                }
            }
            let order = try service.placedOrder()
            for token in [nil, order.token, order.checkout.token] {
                let get = service.send(.get, ServiceUnderTest.breakers, token: token)
                #expect(get.status == 401 && get.code == "unauthenticated")
                let post = service.send(.post, target, token: token, body)
                #expect(post.status == 401)
            }
            #expect(try service.countOrders() == 0)
            let admin = try service.admin()
            #expect(service.send(.get, ServiceUnderTest.breakers, token: admin).status == 200)
            #expect(service.send(.post, target, token: admin, body).status == 200)
            #expect(try service.countOrders() == 1)
        }
    }

    @Test("names the faults of an order, and records none of it")
    func faults() async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let target = "\(ServiceUnderTest.breakers)/mariadb"
            let long = String(repeating: "a", count: 256)
            for (body, faults) in [
                ([:], ["/mode required", "/reason required"]),
                (["mode": "open", "reason": "a drill"], ["/mode value"]),
                (["mode": "halfOpen", "reason": "a drill"], ["/mode value"]),
                (["mode": "auto", "reason": " ab "], ["/reason length"]),
                (["mode": "auto", "reason": .string(long)], ["/reason length"]),
                (["mode": "auto", "reason": "a\nb"], ["/reason characters"]),
                (
                    ["mode": "disabled", "reason": "abc", "expiresIn": 0],
                    ["/expiresIn range"]
                ),
                (
                    ["mode": "disabled", "reason": "abc", "expiresIn": 604_801],
                    ["/expiresIn range"]
                ),
                (
                    ["mode": "disabled", "reason": "abc", "expiresIn": .number(1.5)],
                    ["/expiresIn type"]
                ),
                (["mode": "auto", "reason": "abc", "expiresIn": 60], ["/expiresIn unknown"]),
                (["mode": "auto", "reason": "abc", "who": "me"], ["/who unknown"]),
            ] as [(JSON, [String])] {
                let answer = service.send(.post, target, token: admin, body)
                #expect(answer.status == 422 && answer.faults == faults, "\(body)")
            }
            let garbage = service.send(.post, target, token: admin, raw: Array("{".utf8))
            #expect(garbage.status == 400)
            for name in ["nothing", "MARIADB", "stripe"] {
                let answer = service.order(name, "auto", token: admin)
                #expect(answer.status == 404 && answer.code == "not_found")
            }
            #expect(try service.countOrders() == 0)
            #expect(try service.services.breaker("mariadb").snapshot.generation == 0)
        }
    }

    @Test("leads a breaker from every state to every mode", arguments: CircuitBreakerState.allCases)
    func everyWay(state: CircuitBreakerState) async throws {
        try await ServiceUnderTest.run { service in
            let admin = try service.admin()
            let breaker = try service.services.breaker("user-service")
            let drill = ManualOrder(who: "test", why: "drill")
            for mode in BreakerMode.allCases {
                breaker.reset(by: drill)
                switch state {
                case .closed: break
                case .open: try breaker.set(.open, by: drill)
                case .halfOpen:
                    try breaker.set(.open, by: drill)
                    try breaker.set(.halfOpen, by: drill)
                case .forcedOpen: try breaker.set(.forcedOpen, by: drill)
                case .disabled: try breaker.set(.disabled, by: drill)
                case .metricsOnly: try breaker.set(.metricsOnly, by: drill)
                }
                #expect(breaker.snapshot.state == state)
                let answer = service.order("user-service", mode.rawValue, token: admin)
                #expect(answer.status == 200 && answer["mode"].string == mode.rawValue)
                let reached = mode == .auto ? "closed" : mode.rawValue
                #expect(answer["state"].string == reached)
                #expect(BreakerState(breaker.snapshot.state).rawValue == reached)
            }
        }
    }
}
