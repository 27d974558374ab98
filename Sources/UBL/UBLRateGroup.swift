internal import XML

/// What has one VAT category and rate.
struct UBLRateGroup: Hashable {
    let category: String
    /// In hundredths of a percent; nil where the category has no rate.
    let percent: Int128?

    /// Reads the category that `path` selects from `node`.
    init(_ node: XMLNode, _ path: String) throws(XMLError) {
        category = try node.text(at: path + "/cbc:ID") ?? ""
        percent = try node.text(at: path + "/cbc:Percent").flatMap(UBLDecimal.init)?.hundredths
    }

    /// What the groups come to by the document's lines, discounts and charges, in hundredths.
    static func bases(of document: XMLDocument) throws(XMLError) -> [UBLRateGroup: Int128] {
        var bases: [UBLRateGroup: Int128] = [:]
        for line in try document.nodes(UBLPath.line) {
            let group = try UBLRateGroup(line, "cac:Item/cac:ClassifiedTaxCategory")
            bases[group, default: 0] += try line.hundredths("cbc:LineExtensionAmount")
        }
        for allowance in try document.nodes(UBLPath.allowance) {
            let group = try UBLRateGroup(allowance, "cac:TaxCategory")
            bases[group, default: 0] -= try allowance.hundredths("cbc:Amount")
        }
        for charge in try document.nodes(UBLPath.charge) {
            let group = try UBLRateGroup(charge, "cac:TaxCategory")
            bases[group, default: 0] += try charge.hundredths("cbc:Amount")
        }
        return bases
    }
}
