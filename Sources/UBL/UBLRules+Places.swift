internal import Commerce
internal import XML

extension UBLRules {
    /// CIUS-RO, and EN 16931 about countries: addresses.
    static let places: [UBLRule] = [
        given("BR-RO-081", "BT-35", "seller's street", sellerAddress + "/cbc:StreetName"),
        given("BR-RO-082", "BT-50", "buyer's street", buyerAddress + "/cbc:StreetName"),
        given("BR-RO-091", "BT-37", "seller's city", sellerAddress + "/cbc:CityName"),
        given("BR-RO-092", "BT-52", "buyer's city", buyerAddress + "/cbc:CityName"),
        sector("BR-RO-100", "BT-37", "seller's city", UBLPath.sellerAddress),
        sector("BR-RO-101", "BT-52", "buyer's city", UBLPath.buyerAddress),
        county("BR-RO-110", "BT-39", "seller's county", UBLPath.sellerAddress),
        county("BR-RO-111", "BT-54", "buyer's county", UBLPath.buyerAddress),

        within(representative, "BR-RO-140", "BT-64", "representative's street", "cbc:StreetName"),
        within(representative, "BR-RO-150", "BT-66", "representative's city", "cbc:CityName"),
        sector("BR-RO-160", "BT-66", "representative's city", representative),
        county("BR-RO-170", "BT-68", "representative's county", representative),

        within(delivery, "BR-RO-180", "BT-75", "street of delivery", "cbc:StreetName"),
        within(delivery, "BR-RO-201", "BT-77", "city of delivery", "cbc:CityName"),
        sector("BR-RO-202", "BT-77", "city of delivery", delivery),
        within(delivery, "BR-RO-211", "BT-79", "county of delivery", UBLPath.county),
        county("BR-RO-212", "BT-79", "county of delivery", delivery),

        country("BT-40", "seller's country", UBLPath.sellerAddress),
        country("BT-55", "buyer's country", UBLPath.buyerAddress),
        country("BT-69", "representative's country", representative),
        country("BT-80", "country of delivery", delivery),

        postalCode("BT-38", "seller's postal code", UBLPath.sellerAddress),
        postalCode("BT-53", "buyer's postal code", UBLPath.buyerAddress),
        postalCode("BT-78", "postal code of delivery", delivery),
    ]

    /// From the root on, so that a rule also holds where the party is missing.
    private static let sellerAddress = "cac:AccountingSupplierParty/cac:Party/cac:PostalAddress"
    private static let buyerAddress = "cac:AccountingCustomerParty/cac:Party/cac:PostalAddress"
    private static let representative = UBLPath.representativeAddress
    private static let delivery = UBLPath.deliveryAddress

    private static let counties = Set(County.allCases.map(\.rawValue))

    private static func given(
        _ id: String,
        _ field: String,
        _ subject: String,
        _ path: String
    ) -> UBLRule {
        UBLRule(id, field, subject, UBLPath.root, .given([path]))
    }

    private static func within(
        _ address: String,
        _ id: String,
        _ field: String,
        _ subject: String,
        _ path: String
    ) -> UBLRule {
        UBLRule(id, field, subject, address, .given([path]))
    }

    /// In Bucharest the city is a sector, `SECTOR1` to `SECTOR6`.
    private static func sector(
        _ id: String,
        _ field: String,
        _ subject: String,
        _ address: String
    ) -> UBLRule {
        let test = UBLRule.Test.oneOf(CIUS.sectors, at: "cbc:CityName")
        return UBLRule(id, field, subject, UBLPath.inBucharest(address), test)
    }

    /// In Romania the county is a code of ISO 3166-2:RO.
    private static func county(
        _ id: String,
        _ field: String,
        _ subject: String,
        _ address: String
    ) -> UBLRule {
        let test = UBLRule.Test.oneOf(counties, at: UBLPath.county)
        return UBLRule(id, field, subject, UBLPath.romanian(address), test)
    }

    private static func country(
        _ field: String,
        _ subject: String,
        _ address: String
    ) -> UBLRule {
        let path = "\(address)/\(UBLPath.country)"
        return UBLRule("BR-CL-14", field, subject, path, .oneOf(CountryCode.all, at: ""))
    }

    private static func postalCode(
        _ field: String,
        _ subject: String,
        _ address: String
    ) -> UBLRule {
        UBLRule(
            "OWN-POSTAL-CODE",
            field,
            subject,
            UBLPath.romanian(address) + "/cbc:PostalZone",
            .check { node, _ throws(XMLError) in
                let bytes = node.text.utf8
                let isCode = bytes.count == 6 && bytes.allSatisfy { (48...57).contains($0) }
                return isCode ? nil : "not of six digits"
            }
        )
    }
}
