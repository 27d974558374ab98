import Commerce
import Web

/// What callers send to make or change a checkout session, read and validated.
enum CheckoutInput {
    /// The largest number of lines of an order.
    static let maximumLines = 200

    struct Item: Sendable, Hashable {
        let sku: String
        let quantity: Int
    }

    /// `items: [{sku, quantity}]`; each SKU once, quantities 1 to 999.
    static func items(_ body: BodyReader, required: Bool) -> [Item]? {
        var seen: Set<String> = []
        return body.objects("items", count: 1...maximumLines, required: required) { item in
            let sku = item.string("sku", length: 1...64, required: true)
            let quantities = Int64(Line.quantities.lowerBound)...Int64(Line.quantities.upperBound)
            let quantity = item.integer("quantity", in: quantities, required: true)
            guard let sku, let quantity else { return nil }
            if !seen.insert(sku).inserted {
                item.report("sku", "duplicate", "This SKU stands in the list already.")
            }
            return Item(sku: sku, quantity: Int(quantity))
        }
    }

    static func email(_ body: BodyReader, _ name: String, required: Bool = false) -> String? {
        guard let text = body.string(name, length: 3...254, required: required) else { return nil }
        guard let email = EmailAddress(parsing: text) else {
            body.report(name, "format", "This is not an e-mail address.")
            return nil
        }
        return email.description
    }

    /// Merges `contact {name, email, phone}`; null removes a member.
    static func merge(_ body: BodyReader, into contact: inout CheckoutSession.Contact) {
        var merged = contact
        _ = body.object("contact") { object in
            if object.has("name") { merged.name = object.string("name", length: 1...200) }
            if object.has("email") { merged.email = email(object, "email") }
            if object.has("phone") { merged.phone = phone(object) }
            return ()
        }
        contact = merged
    }

    private static func phone(_ body: BodyReader) -> String? {
        guard let text = body.string("phone", length: 6...32) else { return nil }
        let isPhone = text.utf8.allSatisfy { (48...57).contains($0) || "+ -./()".utf8.contains($0) }
        guard isPhone, text.utf8.filter({ (48...57).contains($0) }).count >= 6 else {
            body.report("phone", "format", "A phone number has digits, blanks and + - . / ( ).")
            return nil
        }
        return text
    }

    /// `billing {name, company?, cui?, tradeRegister?, cnp?, address}`, as a whole; null removes it.
    static func merge(_ body: BodyReader, into billing: inout CheckoutSession.Billing?) {
        if body.isNull("billing") { billing = nil }
        let read = body.object("billing") { object -> CheckoutSession.Billing? in
            let name = object.string("name", length: 1...200, required: true)
            let company = object.string("company", length: 1...200)
            let cui = cui(object)
            let tradeRegister = tradeRegister(object)
            let cnp = cnp(object)
            let address = object.object("address", required: true, address)
            if cui != nil, company == nil {
                object.report("company", "required", "A CUI needs the company's name.")
            }
            // Art. 319 (20) f of the Fiscal Code: a company's invoice has its code.
            if company != nil, !object.has("cui") || object.isNull("cui") {
                object.report("cui", "required", "A company is invoiced by its CUI.")
            }
            if cnp != nil, company != nil {
                object.report("cnp", "value", "A CNP is a person's; a company has a CUI.")
            }
            guard let name, let address else { return nil }
            return CheckoutSession.Billing(
                name: name,
                company: company,
                cui: cui,
                tradeRegister: tradeRegister,
                cnp: cnp,
                address: address
            )
        }
        if let read { billing = read }
    }

    /// A number in the trade register, of a company that names its CUI; kept as it is written, as
    /// its form has changed.
    static func tradeRegister(_ body: BodyReader) -> String? {
        guard let text = body.string("tradeRegister", length: 1...64) else { return nil }
        if !body.has("cui") || body.isNull("cui") {
            body.report("cui", "required", "A number in the trade register needs the CUI.")
        }
        return text
    }

    /// A consumer's personal number.
    static func cnp(_ body: BodyReader) -> String? {
        guard let text = body.string("cnp", length: 13...13) else { return nil }
        guard let cnp = CNP(parsing: text) else {
            body.report("cnp", "check_digit", "This is not a valid CNP.")
            return nil
        }
        return cnp.description
    }

    /// A company's fiscal code, with `RO` where it was written so, as who pays VAT does.
    static func cui(_ body: BodyReader) -> String? {
        guard let text = body.string("cui", length: 2...14) else { return nil }
        guard let cui = CUI(parsing: text) else {
            body.report("cui", "check_digit", "This is not a valid CUI.")
            return nil
        }
        return cui.hasVATPrefix ? "RO\(cui)" : cui.description
    }

    /// Merges `shipping {address, method}`; null removes a member.
    static func merge(
        _ body: BodyReader,
        into shipping: inout CheckoutSession.Shipping,
        _ methods: ShippingMethods
    ) {
        var merged = shipping
        _ = body.object("shipping") { object in
            if object.has("address") {
                merged.address = object.object("address", address)
                if let country = merged.address?.country, country != "RO" {
                    object.report("address", "country", "We deliver within Romania (RO) only.")
                }
            }
            if object.has("method") {
                merged.method = object.string("method", length: 1...32)
                if let id = merged.method, methods[id] == nil {
                    object.report("method", "value", "There is no such method of shipping.")
                }
            }
            return ()
        }
        shipping = merged
    }

    static func address(_ body: BodyReader) -> Address? {
        let name = body.string("name", length: 1...200)
        let street = body.string("street", length: 1...200, required: true)
        let city = body.string("city", length: 1...100, required: true)
        let county = body.string("county", length: 1...64)
        let postalCode = body.string("postalCode", length: 1...16, required: true)
        let country = body.string("country", length: 2...2, required: true)
        guard let street, let city, let postalCode, let country else { return nil }
        let address = Address(
            name: name,
            street: street,
            city: city,
            county: county,
            postalCode: postalCode,
            country: country
        )
        for flaw in address.flaws {
            body.report(flaw.member, flaw.rawValue, explanation(of: flaw))
        }
        return address
    }

    private static func explanation(of flaw: Address.Flaw) -> String {
        switch flaw {
        case .unknownCountry: "A country is two capital letters, a code of ISO 3166-1."
        case .unknownCounty: "A Romanian county is a code such as RO-CJ."
        case .missingCounty: "A Romanian address needs its county, such as RO-CJ."
        case .notASector: "In Bucharest the city is SECTOR1 to SECTOR6."
        case .postalCode: "A Romanian postal code has six digits."
        }
    }
}
