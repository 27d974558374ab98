internal import Commerce

/// The codes of a party and the elements that they stand in.
struct PartyCodes {
    /// BT-31, BT-48: with its prefix.
    var vat: String?
    /// BT-32, of a seller alone.
    var fiscal: String?
    /// BT-30, BT-47.
    var registration: String?
}

extension InvoiceParty {
    /// A seller without VAT has his code in BT-32, and in BT-30 as well where no trade register is
    /// named, since one of BT-29, 30 and 31 has to be there (BR-CO-26).
    var codesAsSeller: PartyCodes {
        switch identity {
        case .vatPayer(let code):
            PartyCodes(vat: "RO\(code)", registration: tradeRegister)
        case .company(let code):
            PartyCodes(
                fiscal: code.description,
                registration: tradeRegister ?? code.description
            )
        case .consumer, .unidentifiedConsumer:
            PartyCodes()
        }
    }

    /// The trade register stands where the VAT identifier leaves it the place.
    func codesAsBuyer(isOutsideOfVAT: Bool) -> PartyCodes {
        switch identity {
        case .vatPayer(let code) where isOutsideOfVAT:
            PartyCodes(registration: code.description)
        case .vatPayer(let code):
            PartyCodes(vat: "RO\(code)", registration: tradeRegister)
        case .company(let code):
            PartyCodes(registration: code.description)
        case .consumer(let number):
            PartyCodes(registration: number.description)
        case .unidentifiedConsumer:
            PartyCodes(registration: CIUS.unidentified)
        }
    }
}
