import Commerce
import MariaDB
import Web

/// The JSON forms of a checkout session: what callers see, and what is stored.
enum CheckoutRepresentation {
    /// What callers see; `token` only in the answer that made it.
    static func session(
        _ session: CheckoutSession,
        _ methods: ShippingMethods,
        token: String? = nil
    ) throws -> JSON {
        let totals = try session.totals(methods)
        var members: [(name: String, value: JSON)] = [("id", .string(session.id))]
        if let token { members.append(("token", .string(token))) }
        members += [
            ("expiresAt", .string(session.expiresAt.rfc3339)),
            ("version", .integer(session.version)),
            ("lines", .array(session.lines.map(OrderRepresentation.line))),
            ("contact", contact(session.contact)),
            ("billing", session.billing.map(billing) ?? .null),
            ("shipping", shipping(session.shipping)),
            ("shippingMethods", .array(methods.all.map { method($0, items: totals.items) })),
            ("totals", self.totals(totals)),
            ("fromCache", .bool(session.fromCache)),
            ("requiresVerification", .bool(session.requiresVerification)),
        ]
        return .object(members)
    }

    static func totals(_ totals: Totals) -> JSON {
        let groups = totals.groups.map { group -> JSON in
            [
                "rate": JSON(group.rate.percent), "net": group.net.json, "vat": group.vat.json,
                "gross": group.gross.json,
            ]
        }
        return [
            "items": totals.items.json, "shipping": totals.shipping.json,
            "total": totals.total.json, "vat": .array(groups),
        ]
    }

    private static func method(_ method: ShippingMethod, items: Money) -> JSON {
        [
            "id": .string(method.id), "name": .string(method.name),
            "price": method.price(forItems: items).json, "vatRate": JSON(method.vatRate.percent),
        ]
    }

    static func contact(_ contact: CheckoutSession.Contact) -> JSON {
        [
            "name": JSON(contact.name), "email": JSON(contact.email), "phone": JSON(contact.phone),
        ]
    }

    static func billing(_ billing: CheckoutSession.Billing) -> JSON {
        [
            "name": .string(billing.name), "company": JSON(billing.company),
            "cui": JSON(billing.cui), "tradeRegister": JSON(billing.tradeRegister),
            "cnp": JSON(billing.cnp), "address": address(billing.address),
        ]
    }

    static func shipping(_ shipping: CheckoutSession.Shipping) -> JSON {
        [
            "address": shipping.address.map(address) ?? .null,
            "method": JSON(shipping.method),
        ]
    }

    static func address(_ address: Address) -> JSON {
        [
            "name": JSON(address.name), "street": .string(address.street),
            "city": .string(address.city), "county": JSON(address.county),
            "postalCode": .string(address.postalCode), "country": .string(address.country),
        ]
    }
}

/// The stored form of a session: the document column, and the value in Redis.
extension CheckoutSession {
    var document: JSON {
        [
            "contact": CheckoutRepresentation.contact(contact),
            "billing": billing.map(CheckoutRepresentation.billing) ?? .null,
            "shipping": CheckoutRepresentation.shipping(shipping),
            "lines": .array(lines.map(OrderRepresentation.line)),
            "cart": cart.map { ["id": .string($0.id), "version": .integer($0.version)] } ?? .null,
            "fromCache": .bool(fromCache),
            "requiresVerification": .bool(requiresVerification),
        ]
    }

    /// What a stored document lacks, or has in another form.
    struct UnreadableDocument: Error {}

    /// Puts a session together from its row's columns.
    init(
        id: String,
        owner: Owner,
        document: JSON,
        version: Int64,
        createdAt: Timestamp,
        expiresAt: Timestamp,
        closesAt: Timestamp
    ) throws {
        self.id = id
        self.owner = owner
        self.version = version
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.closesAt = closesAt
        let contact = document["contact"]
        self.contact = Contact(
            name: contact?["name"]?.string,
            email: contact?["email"]?.string,
            phone: contact?["phone"]?.string
        )
        billing = document["billing"].flatMap(Billing.init(stored:))
        shipping = Shipping(
            address: document["shipping"]?["address"].flatMap(Address.init(stored:)),
            method: document["shipping"]?["method"]?.string
        )
        lines = try (document["lines"]?.array ?? []).map(Line.init(stored:))
        cart = document["cart"].flatMap { cart in
            guard let id = cart["id"]?.string, let version = cart["version"]?.integer else {
                return nil
            }
            return CartReference(id: id, version: version)
        }
        fromCache = document["fromCache"]?.bool ?? false
        requiresVerification = document["requiresVerification"]?.bool ?? false
    }
}

extension CheckoutSession.Billing {
    /// Reads what `CheckoutRepresentation.billing` has written; nil if it is not whole.
    init?(stored json: JSON) {
        guard let name = json["name"]?.string,
            let address = json["address"].flatMap(Address.init(stored:))
        else { return nil }
        self.init(
            name: name,
            company: json["company"]?.string,
            cui: json["cui"]?.string,
            tradeRegister: json["tradeRegister"]?.string,
            cnp: json["cnp"]?.string,
            address: address
        )
    }
}

extension Address {
    /// Reads what `CheckoutRepresentation.address` has written; nil if it is not whole.
    init?(stored json: JSON) {
        guard let street = json["street"]?.string, let city = json["city"]?.string,
            let postalCode = json["postalCode"]?.string, let country = json["country"]?.string
        else { return nil }
        self.init(
            name: json["name"]?.string,
            street: street,
            city: city,
            county: json["county"]?.string,
            postalCode: postalCode,
            country: country
        )
    }
}

extension Line {
    fileprivate init(stored json: JSON) throws {
        guard let sku = json["sku"]?.string, let name = json["name"]?.string,
            let quantity = json["quantity"]?.integer,
            let price = json["unitPrice"]?["amount"]?.integer,
            let currency = json["unitPrice"]?["currency"]?.string
                .flatMap(Currency.init(rawValue:)),
            let rate = json["vatRate"]?.integer.flatMap({ VATRate(percent: Int(clamping: $0)) })
        else { throw CheckoutSession.UnreadableDocument() }
        try self.init(
            sku: sku,
            name: name,
            quantity: Int(clamping: quantity),
            unitPrice: Money(minor: price, currency),
            vatRate: rate
        )
    }
}
