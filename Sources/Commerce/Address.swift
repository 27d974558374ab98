/// A postal address.
package struct Address: Sendable, Hashable {
    /// What is wrong with an address, and in which member.
    package enum Flaw: String, Error, Sendable, CaseIterable {
        case unknownCountry = "unknown_country"
        case unknownCounty = "unknown_county"
        case missingCounty = "missing_county"
        case notASector = "not_a_sector"
        case postalCode = "postal_code"

        /// The member of the address that is at fault.
        package var member: String {
            switch self {
            case .unknownCountry: "country"
            case .unknownCounty, .missingCounty: "county"
            case .notASector: "city"
            case .postalCode: "postalCode"
            }
        }
    }

    /// Who receives there; nil where that is said elsewhere.
    package let name: String?
    package let street: String
    package let city: String
    /// For Romania a code of `County`; elsewhere free text or nothing.
    package let county: String?
    package let postalCode: String
    /// ISO 3166-1 alpha-2.
    package let country: String

    package init(
        name: String? = nil,
        street: String,
        city: String,
        county: String?,
        postalCode: String,
        country: String
    ) {
        self.name = name
        self.street = street
        self.city = city
        self.county = county
        self.postalCode = postalCode
        self.country = country
    }

    /// Every rule that the address breaks.
    ///
    /// Romanian addresses follow CIUS-RO (BR-RO-100, 101, 110, 111): a county, and in Bucharest
    /// `SECTOR1` to `SECTOR6` as the city.
    package var flaws: [Flaw] {
        guard CountryCode.all.contains(country) else { return [.unknownCountry] }
        guard country == "RO" else { return [] }
        var flaws: [Flaw] = []
        if let county {
            let known = County(rawValue: county)
            if known == nil { flaws.append(.unknownCounty) }
            if known == .bucharest, !Self.sectors.contains(city) { flaws.append(.notASector) }
        } else {
            flaws.append(.missingCounty)
        }
        let digits = postalCode.utf8.allSatisfy { (48...57).contains($0) }
        if postalCode.utf8.count != 6 || !digits { flaws.append(.postalCode) }
        return flaws
    }

    private static let sectors = (1...6).map { "SECTOR\($0)" }
}
