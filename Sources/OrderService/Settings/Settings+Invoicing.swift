import Commerce

extension Settings.Invoicing {
    /// Reads who sells; what is wrong with it would have every invoice refused, so nothing starts.
    init(reading reader: inout SettingsReader) {
        let name = reader.words(.sellerName)
        let cui = reader.cui(.sellerCUI)
        let isVATPayer = reader.onOff(.sellerVATPayer)
        if let cui, cui.hasVATPrefix, !isVATPayer, !reader.hasProblem(.sellerVATPayer) {
            reader.report(.sellerCUI, "has the prefix RO, and SELLER_VAT_PAYER is off")
        }
        let address = Address(
            street: reader.words(.sellerStreet) ?? "",
            city: reader.words(.sellerCity) ?? "",
            county: reader.county(.sellerCounty)?.rawValue,
            postalCode: reader.postalCode(.sellerPostalCode),
            country: "RO"
        )
        if address.flaws.contains(.notASector) {
            reader.report(.sellerCity, "in Bucharest the city is SECTOR1 to SECTOR6")
        }
        let identity = cui.map { TaxIdentity(of: $0, isVATPayer: isVATPayer) }
        seller = InvoiceParty(
            name: name ?? "",
            identity: identity ?? .unidentifiedConsumer,
            tradeRegister: reader.optionalWords(.sellerTradeRegister),
            legalText: reader.optionalWords(.sellerLegalText),
            address: address,
            phone: reader.optionalWords(.sellerPhone),
            email: reader.optionalWords(.sellerEmail)
        )
        invoiceSeries = reader.series(.invoiceSeries)
        creditNoteSeries = reader.series(.creditNoteSeries)
        if invoiceSeries == creditNoteSeries, !reader.hasProblem(.creditNoteSeries) {
            reader.report(.creditNoteSeries, "is INVOICE_SERIES as well")
        }
    }
}

typealias TaxIdentity = InvoiceParty.TaxIdentity

extension InvoiceParty.TaxIdentity {
    /// A company, whose code has the prefix where it pays VAT and nowhere else.
    init(of cui: CUI, isVATPayer: Bool) {
        let text = isVATPayer ? "RO\(cui)" : cui.description
        let written = CUI(parsing: text) ?? cui
        self = isVATPayer ? .vatPayer(written) : .company(written)
    }
}

extension SettingsReader {
    /// A required text of as many characters as its form allows.
    mutating func words(_ setting: Setting) -> String? {
        value(setting, standIn: nil) { text throws(Fault) in
            try Self.words(text, of: setting)
        }
    }

    mutating func optionalWords(_ setting: Setting) -> String? {
        optional(setting) { text throws(Fault) in try Self.words(text, of: setting) }
    }

    private static func words(_ text: String, of setting: Setting) throws(Fault) -> String {
        guard case .words(let range) = setting.specification.form else {
            preconditionFailure("\(setting.name) is no text of a length")
        }
        let count = text.unicodeScalars.count
        guard range.contains(count) else {
            throw Fault(
                text: "has \(count) characters, and not \(range.lowerBound) to \(range.upperBound)"
            )
        }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw Fault(text: "has control characters") }
        return text
    }

    mutating func cui(_ setting: Setting) -> CUI? {
        value(setting, standIn: nil) { text throws(Fault) in
            guard let cui = CUI(parsing: text) else {
                throw Fault(text: "«\(text)» is not a fiscal code with its check digit")
            }
            return cui
        }
    }

    mutating func county(_ setting: Setting) -> County? {
        value(setting, standIn: nil) { text throws(Fault) in
            guard let county = County(rawValue: text) else {
                throw Fault(text: "«\(text)» is not a Romanian county's code, such as RO-CJ")
            }
            return county
        }
    }

    mutating func postalCode(_ setting: Setting) -> String {
        value(setting, standIn: "") { text throws(Fault) in
            guard text.utf8.count == 6, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
                throw Fault(text: "«\(text)» is not six digits")
            }
            return text
        }
    }

    mutating func series(_ setting: Setting) -> String {
        value(setting, standIn: "") { text throws(Fault) in
            guard InvoiceNumber.isSeries(text) else {
                throw Fault(
                    text: "«\(text)» is not 1 to 20 capital letters and digits, a letter first"
                )
            }
            return text
        }
    }
}
