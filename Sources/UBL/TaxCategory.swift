internal import Commerce

/// A category of UNTDID 5305 (BT-95, 102, 118, 151) with its rate.
struct TaxCategory: Equatable {
    /// `S` standard, `Z` zero rate, `O` outside of the tax's scope.
    let id: String
    /// Not there outside of the scope (BR-O-05).
    let percent: Int?
    /// BT-121 and BT-120.
    let exemption: Exemption?

    struct Exemption: Equatable {
        let code: String
        let text: String
    }

    /// What goods under a rate are on a document: a seller who is no payer of VAT has no rate at
    /// all.
    init(_ rate: VATRate, on document: InvoiceDocument) {
        if document.isOutsideOfVAT {
            id = "O"
            percent = nil
            exemption = Exemption(code: "VATEX-EU-O", text: "Neplătitor de TVA")
        } else {
            id = rate.percent == 0 ? "Z" : "S"
            percent = rate.percent
            exemption = nil
        }
    }
}

extension InvoiceDocument {
    /// Whether the seller pays no VAT and asks for none.
    ///
    /// Such a document names no VAT identifier, the buyer's neither (BR-O-02).
    var isOutsideOfVAT: Bool {
        if case .vatPayer = seller.identity { return false }
        return vat.allSatisfy { $0.rate.percent == 0 }
    }
}
