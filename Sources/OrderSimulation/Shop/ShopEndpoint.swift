import Web

/// A route of user-service, product-service or the scoring service.
enum ShopEndpoint: Sendable {
    case user, setUser, deleteUser
    case cart, setCart, emptyCart
    case products, loadProducts
    case assess, setScore
    case reserve, reservations, reservation, extend, commit, release

    static let router: Router<ShopEndpoint> = {
        var router = Router<ShopEndpoint>()
        router.add(.get, "/users/{id}", .user)
        router.add(.put, "/users/{id}", .setUser)
        router.add(.delete, "/users/{id}", .deleteUser)
        router.add(.get, "/users/{id}/cart", .cart)
        router.add(.put, "/users/{id}/cart", .setCart)
        router.add(.delete, "/users/{id}/cart", .emptyCart)
        router.add(.get, "/products", .products)
        router.add(.put, "/products", .loadProducts)
        router.add(.post, "/scoring/assess", .assess)
        router.add(.put, "/scoring", .setScore)
        router.add(.post, "/reservations", .reserve)
        router.add(.get, "/reservations", .reservations)
        router.add(.get, "/reservations/{key}", .reservation)
        router.add(.post, "/reservations/{key}/extend", .extend)
        router.add(.post, "/reservations/{key}/commit", .commit)
        router.add(.post, "/reservations/{key}/release", .release)
        return router
    }()
}

extension World {
    /// Answers a request to user-service, product-service or the scoring service.
    mutating func answerShop(_ request: Request, path: String, now: Instant) -> Response {
        switch ShopEndpoint.router.match(request.method, Array(path.utf8)[...]) {
        case .notFound:
            return Problem(.notFound, "not_found", "No such route.").response(requestID: "")
        case .methodNotAllowed(let allow):
            return Problem(.methodNotAllowed, "method_not_allowed", "Allowed: \(allow).")
                .response(requestID: "").with("Allow", allow)
        case .found(let endpoint, let captures):
            do {
                let id = Self.decoded(captures.text(0) ?? "")
                return try perform(endpoint, id, request, now)
            } catch let error as ReservationError {
                return error.response
            } catch let problem as Problem {
                return problem.response(requestID: "")
            } catch {
                return Problem(.internalServerError, "internal", "Unknown error.")
                    .response(requestID: "")
            }
        }
    }

    private mutating func perform(
        _ endpoint: ShopEndpoint,
        _ id: String,
        _ request: Request,
        _ now: Instant
    ) throws -> Response {
        switch endpoint {
        case .user: return try Self.found(customers.profile(id))
        case .setUser:
            let body = try JSON(object: request.body)
            customers.setProfile(id, body)
            return try Self.found(customers.profile(id))
        case .deleteUser:
            customers.delete(id)
            return Response(.noContent)
        case .cart: return try Self.found(customers.cart(id))
        case .setCart:
            guard customers.exists(id) else { throw Self.notFound }
            let body = try BodyReader(request.body)
            let items = Self.items(body, count: 0...500)
            try body.finish()
            customers.setCart(id, items)
            return try Self.found(customers.cart(id))
        case .emptyCart:
            guard customers.exists(id) else { throw Self.notFound }
            customers.setCart(id, [])
            return Response(.noContent)
        case .products:
            let skus = request.query["skus"]?.split(separator: ",").map(String.init)
            return .json(.ok, catalogue.answer(skus: skus).serialized())
        case .loadProducts: return try loadProducts(request.body)
        case .assess: return try assess(request.body)
        case .setScore: return try setScore(request.body)
        case .reserve: return try reserve(request.body, now)
        case .reservations: return try listReservations(request.query)
        case .reservation:
            guard let reservation = reservations[id] else { throw ReservationError.unknownKey }
            return .json(.ok, reservation.json.serialized())
        case .extend:
            let body = try BodyReader(request.body)
            let lifetime = body.integer("ttlSeconds", in: 1...31_536_000, required: true)
            try body.finish()
            let expiry = now.adding(seconds: lifetime ?? 0)
            return .json(.ok, try reservations.extend(id, until: expiry).json.serialized())
        case .commit:
            return .json(.ok, try reservations.commit(id).json.serialized())
        case .release:
            let released = try reservations.release(id, at: now, &catalogue, &random)
            return .json(.ok, released.json.serialized())
        }
    }

    /// A path's segment without percent-encoding, as keys may need it.
    private static func decoded(_ segment: String) -> String {
        let field = "segment=" + segment.replacing("+", with: "%2B")
        return Query(Array(field.utf8)[...])["segment"] ?? segment
    }

    private static let notFound = Problem(.notFound, "not_found", "No such user.")

    private static func found(_ json: JSON?) throws(Problem) -> Response {
        guard let json else { throw notFound }
        return .json(.ok, json.serialized())
    }

    private static func items(
        _ body: BodyReader,
        count: ClosedRange<Int>
    ) -> [Reservation.Item] {
        let items = body.objects("items", count: count, required: true) { item in
            let sku = item.string("sku", length: 1...64, required: true)
            let quantity = item.integer("quantity", in: 1...1_000_000, required: true)
            guard let sku, let quantity else { return Reservation.Item?.none }
            return Reservation.Item(sku: sku, quantity: quantity)
        }
        return items ?? []
    }

    private mutating func loadProducts(_ bytes: [UInt8]) throws(Problem) -> Response {
        // A bare array is wrapped, so that one reader serves both forms.
        let isArray = bytes.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) } == 0x5B
        let wrapped =
            isArray ? Array("{\"products\":".utf8) + bytes + [UInt8(ascii: "}")] : bytes
        let body = try BodyReader(wrapped)
        let products = body.objects("products", count: 0...100_000, required: true) {
            Product($0)
        }
        try body.finish()
        for product in products ?? [] { catalogue.load(product) }
        let answer: JSON = ["loaded": JSON(products?.count ?? 0)]
        return .json(.ok, answer.serialized())
    }

    /// `GET /reservations?status&from&to&after&limit`: oldest first, times in whole seconds since
    /// 1970, `to` not included, `after` a key.
    private func listReservations(_ query: Query) throws(Problem) -> Response {
        let limit = query["limit"].flatMap { Int($0) } ?? 100
        let status = query["status"].flatMap(Reservation.Status.init(rawValue:))
        let from = query["from"].map { Int64($0) } ?? 0
        let to = query["to"].map { Int64($0) } ?? Int64.max
        guard (1...200).contains(limit), status != nil || query["status"] == nil, let from,
            let to, from <= to, query["after"].map({ reservations[$0] != nil }) ?? true
        else { throw Problem(.badRequest, "invalid_request", "A parameter is wrong.") }
        let page = reservations.page(
            status,
            made: from..<to,
            after: query["after"],
            limit: limit
        )
        let answer: JSON = [
            "reservations": .array(page.items.map(\.json)), "hasMore": .bool(page.hasMore),
        ]
        return .json(.ok, answer.serialized())
    }

    private mutating func reserve(_ bytes: [UInt8], _ now: Instant) throws -> Response {
        let body = try BodyReader(bytes)
        let key = body.string("key", required: true)
        let reference = body.string("orderReference")
        let items = Self.items(body, count: 1...500)
        let lifetime = body.integer("ttlSeconds", in: 1...31_536_000, required: true)
        try body.finish()
        let reservation = try reservations.reserve(
            key: key ?? "",
            orderReference: reference,
            items: items,
            at: now,
            until: now.adding(seconds: lifetime ?? 0),
            &catalogue,
            &random
        )
        return .json(.created, reservation.json.serialized())
    }
}

extension JSON {
    /// Reads a body that must be an object.
    init(object bytes: [UInt8]) throws(Problem) {
        guard let json = try? JSON(parsing: bytes), json.members != nil else {
            throw Problem(.badRequest, "invalid_request", "A JSON object is expected.")
        }
        self = json
    }
}
