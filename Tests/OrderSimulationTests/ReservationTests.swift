import Testing
import Web

@Suite("Reservations")
struct ReservationTests {
    private let shop = SimulatedShop()

    private func reserve(
        _ key: String,
        _ quantity: Int64,
        lifetime: Int64 = 600
    ) throws -> SimulatedShop.Answer {
        let body = """
            {"key": "\(key)", "orderReference": "RO-1", "ttlSeconds": \(lifetime),
             "items": [{"sku": "CANA-ALBA", "quantity": \(quantity)}]}
            """
        return try shop.send(.post, "/reservations", body)
    }

    private func stock() throws -> Int64? {
        try shop.send(.get, "/products?skus=CANA-ALBA")["products"][0]?["stock"]?.integer
    }

    @Test("pieces are set aside once per key")
    func reserves() throws {
        let first = try reserve("r1", 3)
        #expect(first.status == 201)
        #expect(first["status"] == "held")
        #expect(first["expiresAt"].string?.hasSuffix("Z") == true)
        #expect(try reserve("r1", 3).response.body == first.response.body)
        #expect(try stock() == 997)
        #expect(try reserve("r1", 4).status == 422)
    }

    @Test("reservations are listed by state and time, page by page")
    func lists() throws {
        for number in 1...3 { _ = try reserve("r\(number)", 1) }
        _ = try shop.send(.post, "/reservations/r2/commit")
        func keys(_ query: String) throws -> [String?] {
            let answer = try shop.send(.get, "/reservations?\(query)")
            return (answer["reservations"].array ?? []).map { $0["key"]?.string }
        }
        let first = try shop.send(.get, "/reservations?limit=2")
        #expect(first["hasMore"] == true && first["reservations"].array?.count == 2)
        #expect(try keys("limit=2&after=r2") == ["r3"])
        #expect(try keys("status=held") == ["r1", "r3"])
        #expect(try keys("status=committed") == ["r2"])
        #expect(try keys("to=1790000000") == [])
        #expect(try keys("from=1790000000&to=1790000001") == ["r1", "r2", "r3"])
        for wrong in ["limit=0", "status=lost", "from=x", "after=nobody", "from=2&to=1"] {
            #expect(try shop.send(.get, "/reservations?\(wrong)").status == 400, "\(wrong)")
        }
    }

    @Test("what is short is told piece by piece, and nothing is taken")
    func refusesShortage() throws {
        let body = """
            {"key": "r1", "ttlSeconds": 60, "items": [
             {"sku": "CANA-ALBA", "quantity": 2}, {"sku": "CEAI-VERDE", "quantity": 1001},
             {"sku": "NIMIC", "quantity": 1}]}
            """
        let refused = try shop.send(.post, "/reservations", body)
        #expect(refused.status == 409)
        #expect(refused["code"] == "out_of_stock")
        let items: JSON = [
            ["sku": "CEAI-VERDE", "requested": 1_001, "available": 1_000],
            ["sku": "NIMIC", "requested": 1, "available": 0],
        ]
        #expect(refused["items"] == items)
        #expect(try stock() == 1_000)
    }

    @Test("released pieces come back once, committed ones never")
    func ends() throws {
        _ = try reserve("r1", 3)
        _ = try reserve("r2", 5)
        #expect(try shop.send(.post, "/reservations/r1/release")["status"] == "released")
        #expect(try shop.send(.post, "/reservations/r1/release").status == 200)
        #expect(try shop.send(.post, "/reservations/r2/commit")["status"] == "committed")
        #expect(try shop.send(.post, "/reservations/r2/commit").status == 200)
        #expect(try shop.send(.post, "/reservations/r2/release")["code"] == "committed")
        try shop.advance(seconds: 3_600)
        #expect(try stock() == 995)
    }

    @Test("the release of an unknown key stops a reserve that comes late")
    func leavesTombstone() throws {
        #expect(try shop.send(.post, "/reservations/r1/release")["status"] == "released")
        let late = try reserve("r1", 3)
        #expect(late.status == 409)
        #expect(late["code"] == "released")
        #expect(try stock() == 1_000)
    }

    @Test("an unextended reservation ends by the clock and gives its pieces back")
    func expires() throws {
        _ = try reserve("r1", 3, lifetime: 60)
        _ = try reserve("r2", 5, lifetime: 60)
        try shop.advance(seconds: 59)
        let extended = try shop.send(.post, "/reservations/r2/extend", "{\"ttlSeconds\": 600}")
        #expect(extended["status"] == "held")
        try shop.advance(seconds: 1)
        #expect(try shop.send(.get, "/reservations/r1")["status"] == "expired")
        #expect(try stock() == 995)
        #expect(try shop.send(.post, "/reservations/r1/commit")["code"] == "expired")
        #expect(try reserve("r1", 3).status == 409)
    }

    @Test("unknown keys are 404", arguments: ["extend", "commit"])
    func refusesUnknown(verb: String) throws {
        let body = verb == "extend" ? "{\"ttlSeconds\": 60}" : ""
        #expect(try shop.send(.post, "/reservations/none/\(verb)", body).status == 404)
    }

    @Test("carts belong to every user and count their versions")
    func keepsCarts() throws {
        #expect(try shop.send(.get, "/users/1/cart")["items"].array?.count == 2)
        #expect(try shop.send(.get, "/users/77/cart")["items"] == [])
        let body = "{\"items\": [{\"sku\": \"RASNITA\", \"quantity\": 1}]}"
        #expect(try shop.send(.put, "/users/77/cart", body)["version"] == 2)
        #expect(try shop.send(.get, "/users/77/cart")["items"][0]?["sku"] == "RASNITA")
        #expect(try shop.send(.get, "/users/x/cart").status == 404)
        #expect(try shop.send(.delete, "/users/77").status == 204)
        #expect(try shop.send(.get, "/users/77").status == 404)
    }

    @Test("a loaded catalogue survives a reset that keeps it, stock as loaded")
    func loadsProducts() throws {
        let body = """
            [{"sku": "SAPCA", "name": "Șapcă", "price": 7900, "vatRate": 21, "stock": 4}]
            """
        #expect(try shop.send(.put, "/products", body)["loaded"] == 1)
        let answer = try shop.send(.get, "/products?skus=SAPCA,NIMIC")
        #expect(answer["products"][0]?["price"] == 7_900)
        #expect(answer["missing"] == ["NIMIC"])
        _ = try shop.send(.post, "/_reset", "{\"keepCatalogue\": true}")
        #expect(try shop.send(.get, "/products?skus=SAPCA")["products"].array?.count == 1)
        _ = try shop.send(.post, "/_reset")
        #expect(try shop.send(.get, "/products?skus=SAPCA")["products"] == [])
    }
}
