import Commerce
import Web

/// Somebody who buys in the demo shop: a customer of user-service, or a guest.
struct SeedPerson: Sendable {
    /// Nil for guests.
    let userID: String?
    let name: String
    let email: String
    let phone: String
    /// The JSON of an order's columns.
    let billing: String
    let shipping: String

    /// The form in which user-service takes a profile.
    var profile: JSON {
        ["name": .string(name), "email": .string(email), "phone": .string(phone)]
    }
}

/// The people of the demo shop.
struct SeedPeople: Sendable {
    /// The customers' ids count from here.
    static let firstID = 1_001

    let customers: [SeedPerson]

    init(customers count: Int, seed: UInt64) {
        customers = (0..<count).map { index in
            let id = Self.firstID + index
            // A sequence of its own for each, so that more customers leave the first ones as
            // they are.
            var random = SeedRandom(seed: seed, sequence: UInt64(id))
            return Self.person(userID: String(id), number: id, &random)
        }
    }

    /// Somebody without an account.
    static func guest(_ random: inout SeedRandom) -> SeedPerson {
        person(userID: nil, number: Int(random.number(in: 10...9_999)), &random)
    }

    /// A customer's index: most orders come from the first, and few from the last.
    func index(_ random: inout SeedRandom) -> Int {
        min(random.index(below: customers.count), random.index(below: customers.count))
    }

    private static func person(
        userID: String?,
        number: Int,
        _ random: inout SeedRandom
    ) -> SeedPerson {
        let first = random.element(of: firstNames)
        let last = random.element(of: lastNames)
        let name = "\(first) \(last)"
        let address = address(&random)
        let isCompany = random.happens(percent: 6)
        let billing = CheckoutSession.Billing(
            name: name,
            company: isCompany ? "\(last) \(random.element(of: trades)) SRL" : nil,
            cui: isCompany ? cui(&random) : nil,
            address: address
        )
        return SeedPerson(
            userID: userID,
            name: name,
            email: "\(ascii(first)).\(ascii(last))\(number)@example.ro",
            phone: "+407\(random.number(in: 20_000_000...69_999_999))",
            billing: text(CheckoutRepresentation.billing(billing)),
            shipping: text(CheckoutRepresentation.address(address))
        )
    }

    private static func address(_ random: inout SeedRandom) -> Address {
        let town = random.element(of: towns)
        return Address(
            street: "Str. \(random.element(of: streets)) nr. \(random.number(in: 1...180))",
            city: town.name,
            county: town.county.rawValue,
            postalCode: town.postalPrefix + String(random.number(in: 100...999)),
            country: "RO"
        )
    }

    /// A tax number whose check digit is right; the numbers are not of real companies' range.
    private static func cui(_ random: inout SeedRandom) -> String? {
        let body = random.number(in: 90_000_000...99_999_999)
        return (0...9).lazy.compactMap { CUI(parsing: "\(body)\($0)")?.description }.first
    }

    private static func text(_ json: JSON) -> String {
        String(decoding: json.serialized(), as: UTF8.self)
    }

    /// A name as it stands in e-mail addresses.
    private static func ascii(_ name: String) -> String {
        String(
            name.lowercased().map { character -> Character in
                switch character {
                case "ă", "â": "a"
                case "î": "i"
                case "ș": "s"
                case "ț": "t"
                case "-", " ": "."
                default: character
                }
            }
        )
    }
}
