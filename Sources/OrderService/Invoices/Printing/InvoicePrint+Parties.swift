import Commerce
import Web

extension InvoicePrint {
    /// Seller and buyer beside each other, and where it was sent if that is elsewhere.
    var parties: HTML {
        """
        <section class="parties">
        \(Self.party("Furnizor", document.seller))
        \(Self.party("Cumpărător", document.buyer))
        \(delivery)
        </section>
        """
    }

    private static func party(_ role: String, _ party: InvoiceParty) -> HTML {
        let identity =
            switch party.identity {
            case .vatPayer(let code): fact("CIF", "RO\(code)")
            case .company(let code): fact("CIF", code.description)
            case .consumer(let number): fact("CNP", number.description)
            case .unidentifiedConsumer: "" as HTML
            }
        return """
            <div>
            <h2>\(role)</h2>
            <p class="name">\(party.name)</p>
            <dl>\(identity)\(fact("Reg. com.", party.tradeRegister))</dl>
            <p>\(lines(party.address))</p>
            <dl>\(fact("Contact", party.contactName))\(fact("Telefon", party.phone))\
            \(fact("E-mail", party.email))</dl>
            \(legal(party))
            </div>
            """
    }

    private static func legal(_ party: InvoiceParty) -> HTML {
        party.legalText.map { "<p>\($0)</p>" } ?? ""
    }

    private var delivery: HTML {
        guard let address = document.deliverTo else { return "" }
        let name: HTML = address.name.map { "<p class=\"name\">\($0)</p>" } ?? ""
        return """
            <div>
            <h2>Adresa de livrare</h2>
            \(name)
            <p>\(Self.lines(address))</p>
            </div>
            """
    }

    /// An address as an envelope has it.
    private static func lines(_ address: Address) -> HTML {
        let lines = [address.street, "\(address.postalCode) \(place(address))", country(address)]
        return lines.compactMap { $0.map { "\($0)" as HTML } }.joined(by: "<br>")
    }

    /// City and county; Bucharest has sectors for cities.
    private static func place(_ address: Address) -> String {
        let county = address.county.map { County(rawValue: $0)?.name ?? $0 }
        guard let county else { return address.city }
        if address.county == County.bucharest.rawValue, address.city.hasPrefix("SECTOR") {
            return "\(county), sectorul \(address.city.dropFirst("SECTOR".count))"
        }
        return address.country == "RO"
            ? "\(address.city), jud. \(county)" : "\(address.city), \(county)"
    }

    /// Nil at home.
    private static func country(_ address: Address) -> String? {
        address.country == "RO" ? nil : address.country
    }
}

extension [HTML] {
    fileprivate func joined(by separator: HTML) -> HTML {
        HTML(Array(flatMap { [separator, $0] }.dropFirst()))
    }
}
