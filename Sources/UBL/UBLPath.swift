/// XPaths to what rules are about, equal for invoices and credit notes.
enum UBLPath {
    static let root = "/*"
    static let seller = "/*/cac:AccountingSupplierParty/cac:Party"
    static let buyer = "/*/cac:AccountingCustomerParty/cac:Party"
    static let representative = "/*/cac:TaxRepresentativeParty"
    static let sellerAddress = seller + "/cac:PostalAddress"
    static let buyerAddress = buyer + "/cac:PostalAddress"
    static let representativeAddress = representative + "/cac:PostalAddress"
    static let deliveryAddress = "/*/cac:Delivery/cac:DeliveryLocation/cac:Address"
    static let line = "/*/cac:InvoiceLine | /*/cac:CreditNoteLine"
    static let totals = "/*/cac:LegalMonetaryTotal"
    static let subtotal = "/*/cac:TaxTotal/cac:TaxSubtotal"
    static let allowance = "/*/cac:AllowanceCharge[\(isFalse)]"
    static let charge = "/*/cac:AllowanceCharge[\(isTrue)]"
    static let paymentMeans = "/*/cac:PaymentMeans"

    /// Of a boolean of XML Schema.
    static let isTrue = "cbc:ChargeIndicator='true' or cbc:ChargeIndicator='1'"
    static let isFalse = "cbc:ChargeIndicator='false' or cbc:ChargeIndicator='0'"

    /// Below a party's node.
    static let vatID = "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='VAT']/cbc:CompanyID"
    static let fiscalID = "cac:PartyTaxScheme[not(cac:TaxScheme/cbc:ID='VAT')]/cbc:CompanyID"
    static let registration = "cac:PartyLegalEntity/cbc:CompanyID"

    /// Below an address's node.
    static let country = "cac:Country/cbc:IdentificationCode"
    static let county = "cbc:CountrySubentity"

    /// Below the nodes of lines, whichever kind they are of.
    static func ofLines(_ path: String) -> String {
        "/*/cac:InvoiceLine/\(path) | /*/cac:CreditNoteLine/\(path)"
    }

    /// A path from a line on that differs by kind.
    static let quantity = "cbc:InvoicedQuantity | cbc:CreditedQuantity"

    /// An address in Romania.
    static func romanian(_ address: String) -> String { "\(address)[\(country)='RO']" }

    /// An address in Bucharest.
    static func inBucharest(_ address: String) -> String {
        "\(romanian(address))[\(county)='RO-B']"
    }
}
