internal import Commerce
internal import XML

extension UBLRules {
    /// By what seller and buyer are known to the tax office.
    static let identities: [UBLRule] = [
        UBLRule("BR-RO-065", "BT-31", "seller's tax code", UBLPath.root, .check(sellerTaxCode)),
        UBLRule(
            "BR-RO-120",
            "BT-47",
            "buyer's code",
            UBLPath.root,
            .given([buyer + UBLPath.registration, buyer + UBLPath.vatID])
        ),
        UBLRule(
            "BR-CO-26",
            "BT-30",
            "seller's code",
            UBLPath.root,
            .given([
                seller + UBLPath.registration, seller + UBLPath.vatID,
                seller + "cac:PartyIdentification/cbc:ID",
            ])
        ),
        prefixed("BT-31", "seller's VAT identifier", UBLPath.seller),
        prefixed("BT-48", "buyer's VAT identifier", UBLPath.buyer),
        prefixed("BT-63", "representative's VAT identifier", UBLPath.representative),
    ]

    /// What the official rules let through: check digits.
    static let ownIdentities: [UBLRule] = [
        romanianVAT("BT-31", "seller's VAT identifier", UBLPath.seller),
        romanianVAT("BT-48", "buyer's VAT identifier", UBLPath.buyer),
        romanianVAT("BT-63", "representative's VAT identifier", UBLPath.representative),
        UBLRule(
            "OWN-CUI",
            "BT-32",
            "seller's fiscal code",
            UBLPath.seller + "/" + UBLPath.fiscalID,
            .check { node, _ throws(XMLError) in isCUI(node.text) ? nil : "no CUI" }
        ),
        UBLRule("OWN-CUI", "BT-47", "buyer's code", bareBuyer + "[\(isNotCNP)]", .check(company)),
        UBLRule("OWN-CNP", "BT-47", "buyer's code", bareBuyer + "[\(isCNP)]", .check(person)),
        UBLRule(
            "OWN-IBAN",
            "BT-84",
            "account",
            UBLPath.paymentMeans + "/cac:PayeeFinancialAccount/cbc:ID",
            .check { node, _ throws(XMLError) in
                IBAN(parsing: node.text)?.description == node.text ? nil : "no IBAN"
            }
        ),
        UBLRule(
            "BR-61",
            "BT-84",
            "account of a transfer",
            UBLPath.paymentMeans + "[cbc:PaymentMeansCode='30' or cbc:PaymentMeansCode='58']",
            .given(["cac:PayeeFinancialAccount/cbc:ID"])
        ),
    ]

    private static let seller = "cac:AccountingSupplierParty/cac:Party/"
    private static let buyer = "cac:AccountingCustomerParty/cac:Party/"

    /// The code of a buyer in Romania that has no VAT identifier beside it.
    private static let bareBuyer =
        UBLPath.buyer + "[not(\(UBLPath.vatID))][cac:PostalAddress/\(UBLPath.country)='RO']/"
        + UBLPath.registration
    private static let isCNP = "string-length(.)=13"
    private static let isNotCNP = "string-length(.)!=13 and normalize-space(.)"

    private static let company: UBLRule.Check = { node, _ throws(XMLError) in
        isCUI(node.text) ? nil : "neither a CUI nor of 13 digits"
    }

    private static let person: UBLRule.Check = { node, _ throws(XMLError) in
        let code = node.text
        return code == CIUS.unidentified || CNP(parsing: code) != nil ? nil : "no CNP"
    }

    /// The categories with which somebody has to be known to the tax office.
    private static let sellerTaxCode: UBLRule.Check = { root, _ throws(XMLError) in
        let taxed: Set<String> = ["S", "Z", "E", "AE", "K", "G", "L", "M"]
        let categories = try root.nodes(
            "//cac:ClassifiedTaxCategory/cbc:ID | //cac:TaxCategory/cbc:ID"
        )
        guard categories.contains(where: { taxed.contains($0.text) }) else { return nil }
        let representative = "cac:TaxRepresentativeParty/\(UBLPath.vatID)"
        for path in [seller + UBLPath.vatID, seller + UBLPath.fiscalID, representative] {
            guard try root.nodes(path).isEmpty else { return nil }
        }
        return "missing"
    }

    /// With a country's two letters before it.
    private static func prefixed(_ field: String, _ subject: String, _ party: String) -> UBLRule {
        UBLRule(
            "BR-CO-09",
            field,
            subject,
            "\(party)/\(UBLPath.vatID)",
            .check { node, _ throws(XMLError) in
                let prefix = node.text.utf8.prefix(2)
                let isCountry = prefix.count == 2 && prefix.allSatisfy { (65...90).contains($0) }
                return isCountry ? nil : "without a country's prefix"
            }
        )
    }

    private static func romanianVAT(
        _ field: String,
        _ subject: String,
        _ party: String
    ) -> UBLRule {
        UBLRule(
            "OWN-CUI",
            field,
            subject,
            "\(party)/\(UBLPath.vatID)[starts-with(., 'RO')]",
            .check { node, _ throws(XMLError) in
                isCUI(String(node.text.dropFirst(2))) ? nil : "no CUI after RO"
            }
        )
    }

    /// Digits alone, since nothing else may stand in a document.
    private static func isCUI(_ text: String) -> Bool {
        CUI(parsing: text)?.description == text
    }
}
