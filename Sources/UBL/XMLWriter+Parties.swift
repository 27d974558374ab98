internal import Commerce
internal import XML

extension XMLWriter {
    /// BG-4.
    mutating func supplier(_ seller: InvoiceParty) {
        let codes = seller.codesAsSeller
        element("cac:AccountingSupplierParty") { writer in
            writer.party(seller, codes, legalText: seller.legalText)
        }
    }

    /// BG-7.
    mutating func customer(_ buyer: InvoiceParty, of document: InvoiceDocument) {
        let codes = buyer.codesAsBuyer(isOutsideOfVAT: document.isOutsideOfVAT)
        element("cac:AccountingCustomerParty") { writer in
            // UBL-CR-244: no legal text of a buyer.
            writer.party(buyer, codes, legalText: nil)
        }
    }

    private mutating func party(_ party: InvoiceParty, _ codes: PartyCodes, legalText: String?) {
        element("cac:Party") { writer in
            writer.address("cac:PostalAddress", party.address)
            if let vat = codes.vat { writer.taxScheme("VAT", company: vat) }
            // `FC`, fiscal code, as EN 16931's other syntax has it; anything but `VAT` would do.
            if let fiscal = codes.fiscal { writer.taxScheme("FC", company: fiscal) }
            writer.element("cac:PartyLegalEntity") { writer in
                writer.text("cbc:RegistrationName", party.name, 200)
                writer.text("cbc:CompanyID", codes.registration, 200)
                writer.text("cbc:CompanyLegalForm", legalText, 1_000)
            }
            writer.contact(party)
        }
    }

    private mutating func taxScheme(_ id: String, company: String) {
        element("cac:PartyTaxScheme") { writer in
            writer.element("cbc:CompanyID", text: company)
            writer.taxScheme(id)
        }
    }

    private mutating func contact(_ party: InvoiceParty) {
        let isEmpty = [party.contactName, party.phone, party.email]
            .allSatisfy { $0.flatMap { UBLText.fitting($0, 100) } == nil }
        if isEmpty { return }
        element("cac:Contact") { writer in
            writer.text("cbc:Name", party.contactName, 100)
            writer.text("cbc:Telephone", party.phone, 100)
            writer.text("cbc:ElectronicMail", party.email, 100)
        }
    }

    /// Semicolons become commas: the tax office's firewall takes `;CP ` in an address for an
    /// attack.
    mutating func address(_ name: String, _ address: Address) {
        func plain(_ text: String) -> String {
            String(text.map { $0 == ";" ? "," : $0 })
        }
        element(name) { writer in
            writer.text("cbc:StreetName", plain(address.street), 150)
            writer.text("cbc:CityName", plain(address.city), 50)
            writer.text("cbc:PostalZone", address.postalCode, 20)
            writer.text("cbc:CountrySubentity", address.county, 50)
            writer.element("cac:Country") { writer in
                writer.text("cbc:IdentificationCode", address.country, 2)
            }
        }
    }
}
