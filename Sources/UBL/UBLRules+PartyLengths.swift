internal import XML

extension UBLRules {
    /// CIUS-RO: how long texts of the parties are, in Unicode scalars.
    static let partyLengths: [UBLRule] =
        addresses
        + [
            length("BR-RO-L201", "BT-27", 200, "seller's name", seller + legalName),
            length("BR-RO-L202", "BT-28", 200, "seller's trading name", seller + partyName),
            length("BR-RO-L203", "BT-44", 200, "buyer's name", buyer + legalName),
            length("BR-RO-L204", "BT-45", 200, "buyer's trading name", buyer + partyName),
            length("BR-RO-L205", "BT-59", 200, "payee's name", "/*/cac:PayeeParty" + partyName),
            length("BR-RO-L206", "BT-62", 200, "representative's name", representative + partyName),
            length("BR-RO-L207", "BT-70", 200, "receiver's name", receiver + partyName),
            length("BR-RO-L1000", "BT-33", 1_000, "seller's legal text", seller + legalForm),
            length("BR-RO-L1004", "BT-41", 100, "seller's contact", seller + contact),
            length("BR-RO-L1005", "BT-42", 100, "seller's telephone", seller + telephone),
            length("BR-RO-L1006", "BT-43", 100, "seller's e-mail", seller + email),
            length("BR-RO-L1009", "BT-56", 100, "buyer's contact", buyer + contact),
            length("BR-RO-L1010", "BT-57", 100, "buyer's telephone", buyer + telephone),
            length("BR-RO-L1011", "BT-58", 100, "buyer's e-mail", buyer + email),
        ]

    private static let addresses: [UBLRule] = [
        length("BR-RO-L0201", "BT-38", 20, "seller's postal code", sellerAddress + zone),
        length("BR-RO-L0202", "BT-53", 20, "buyer's postal code", buyerAddress + zone),
        length("BR-RO-L0203", "BT-67", 20, "representative's postal code", representedAt + zone),
        length("BR-RO-L0204", "BT-78", 20, "postal code of delivery", delivery + zone),
        length("BR-RO-L0501", "BT-37", 50, "seller's city", sellerAddress + city),
        length("BR-RO-L0502", "BT-52", 50, "buyer's city", buyerAddress + city),
        length("BR-RO-L0503", "BT-66", 50, "representative's city", representedAt + city),
        length("BR-RO-L0504", "BT-77", 50, "city of delivery", delivery + city),
        length("BR-RO-L151", "BT-35", 150, "seller's street", sellerAddress + first),
        length("BR-RO-L152", "BT-50", 150, "buyer's street", buyerAddress + first),
        length("BR-RO-L153", "BT-64", 150, "representative's street", representedAt + first),
        length("BR-RO-L154", "BT-75", 150, "street of delivery", delivery + first),
        length("BR-RO-L1002", "BT-36", 100, "seller's second line", sellerAddress + second),
        length("BR-RO-L1007", "BT-51", 100, "buyer's second line", buyerAddress + second),
        length("BR-RO-L1012", "BT-65", 100, "representative's second line", representedAt + second),
        length("BR-RO-L1014", "BT-76", 100, "second line of delivery", delivery + second),
        length("BR-RO-L1003", "BT-162", 100, "seller's third line", sellerAddress + third),
        length("BR-RO-L1008", "BT-163", 100, "buyer's third line", buyerAddress + third),
        length("BR-RO-L1013", "BT-164", 100, "representative's third line", representedAt + third),
        length("BR-RO-L1015", "BT-165", 100, "third line of delivery", delivery + third),
    ]

    private static let seller = UBLPath.seller
    private static let buyer = UBLPath.buyer
    private static let representative = UBLPath.representative
    private static let receiver = "/*/cac:Delivery/cac:DeliveryParty"
    private static let sellerAddress = UBLPath.sellerAddress
    private static let buyerAddress = UBLPath.buyerAddress
    private static let representedAt = UBLPath.representativeAddress
    private static let delivery = UBLPath.deliveryAddress

    private static let legalName = "/cac:PartyLegalEntity/cbc:RegistrationName"
    private static let legalForm = "/cac:PartyLegalEntity/cbc:CompanyLegalForm"
    private static let partyName = "/cac:PartyName/cbc:Name"
    private static let contact = "/cac:Contact/cbc:Name"
    private static let telephone = "/cac:Contact/cbc:Telephone"
    private static let email = "/cac:Contact/cbc:ElectronicMail"

    private static let first = "/cbc:StreetName"
    private static let second = "/cbc:AdditionalStreetName"
    private static let third = "/cac:AddressLine/cbc:Line"
    private static let city = "/cbc:CityName"
    private static let zone = "/cbc:PostalZone"
}
