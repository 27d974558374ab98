import Commerce
import Redis
import Resilience
import Web

/// What a signed-in customer is about to buy: the cart at user-service, or our last copy of it.
struct CustomerCarts: Sendable {
    let users: UserServiceClient
    let cache: LookUpCache
    let clock: WallClock

    struct CustomerCart: Sendable {
        let items: [CheckoutInput.Item]
        let contact: CheckoutSession.Contact
        let cart: CheckoutSession.CartReference?
        let fromCache: Bool
    }

    /// Reads a customer's cart and contact.
    ///
    /// - Throws: a `Problem` with 503 if user-service does not answer and there is no copy.
    func read(_ userID: String, until deadline: Deadline, _ calls: CallLog) throws -> CustomerCart {
        let key = CacheName.cart.key(userID)
        let cart: Cart?
        switch users.cart(of: userID, until: deadline, calls) {
        case .executed(let read): cart = read
        case .notExecuted(let failure), .unknown(let failure):
            guard let stored = try? cache.redis.send(Command("GET", key), until: deadline).bytes,
                let copy = try? JSON(parsing: stored)
            else { throw Problem.dependencyUnavailable(after: failure) }
            return CustomerCart(copy: copy)
        }
        let contact = contact(of: userID, until: deadline, calls)
        let read = CustomerCart(
            items: Self.items(cart),
            contact: contact,
            cart: cart.map { CheckoutSession.CartReference(id: $0.id, version: $0.version) },
            fromCache: false
        )
        let life = CacheName.cart.jitteredTimeToLive()
        _ = try? cache.redis.send(
            Command("SET", key, read.copy.serialized(), "PX", life),
            until: deadline
        )
        return read
    }

    /// The profile's contact; a customer whose profile cannot be read types it in.
    private func contact(
        of userID: String,
        until deadline: Deadline,
        _ calls: CallLog
    ) -> CheckoutSession.Contact {
        guard case .executed(let profile?) = users.profile(of: userID, until: deadline, calls)
        else { return CheckoutSession.Contact() }
        return CheckoutSession.Contact(
            name: profile.name,
            email: profile.email,
            phone: profile.phone
        )
    }

    /// The cart's lines with each SKU once, within the limits of an order.
    private static func items(_ cart: Cart?) -> [CheckoutInput.Item] {
        var quantities: [String: Int] = [:]
        var order: [String] = []
        for item in cart?.items ?? [] where item.quantity > 0 {
            if quantities[item.sku] == nil { order.append(item.sku) }
            let sum = (quantities[item.sku] ?? 0) + min(item.quantity, Line.quantities.upperBound)
            quantities[item.sku] = min(sum, Line.quantities.upperBound)
        }
        return order.prefix(CheckoutInput.maximumLines).compactMap { sku in
            quantities[sku].map { CheckoutInput.Item(sku: sku, quantity: $0) }
        }
    }
}

extension CustomerCarts.CustomerCart {
    /// The form of the copy in Redis.
    fileprivate var copy: JSON {
        [
            "items": .array(
                items.map { ["sku": .string($0.sku), "quantity": JSON($0.quantity)] }
            ),
            "contact": CheckoutRepresentation.contact(contact),
            "cart": cart.map { ["id": .string($0.id), "version": .integer($0.version)] } ?? .null,
        ]
    }

    fileprivate init(copy json: JSON) {
        items = (json["items"]?.array ?? []).compactMap { item in
            guard let sku = item["sku"]?.string, let quantity = item["quantity"]?.integer else {
                return nil
            }
            return CheckoutInput.Item(sku: sku, quantity: Int(clamping: quantity))
        }
        let stored = json["contact"]
        contact = CheckoutSession.Contact(
            name: stored?["name"]?.string,
            email: stored?["email"]?.string,
            phone: stored?["phone"]?.string
        )
        if let id = json["cart"]?["id"]?.string, let version = json["cart"]?["version"]?.integer {
            cart = CheckoutSession.CartReference(id: id, version: version)
        } else {
            cart = nil
        }
        fromCache = true
    }
}
