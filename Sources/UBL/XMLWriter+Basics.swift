internal import Commerce
internal import XML

extension XMLWriter {
    /// A text that is cleaned and cut to `limit` scalars; nothing if it is empty then.
    mutating func text(
        _ name: String,
        _ text: String?,
        _ limit: Int,
        attributes: [(name: String, value: String)] = []
    ) {
        guard let text = text.flatMap({ UBLText.fitting($0, limit) }) else { return }
        element(name, attributes: attributes, text: text)
    }

    mutating func date(_ name: String, _ date: CalendarDate?) {
        guard let date else { return }
        element(name, text: date.description)
    }

    /// An amount with its two decimals.
    mutating func amount(_ name: String, _ money: Money) {
        element(
            name,
            attributes: [(name: "currencyID", value: money.currency.rawValue)],
            text: UBLDecimal(money).description
        )
    }

    /// `cac:TaxCategory` or its like, whose scheme is always VAT.
    mutating func taxCategory(_ name: String, _ category: TaxCategory, withReason: Bool = false) {
        element(name) { writer in
            writer.element("cbc:ID", text: category.id)
            if let percent = category.percent {
                writer.element("cbc:Percent", text: "\(percent).00")
            }
            if withReason, let exemption = category.exemption {
                writer.element("cbc:TaxExemptionReasonCode", text: exemption.code)
                writer.element("cbc:TaxExemptionReason", text: exemption.text)
            }
            writer.taxScheme("VAT")
        }
    }

    mutating func taxScheme(_ id: String) {
        element("cac:TaxScheme") { $0.element("cbc:ID", text: id) }
    }
}
