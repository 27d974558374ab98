import Commerce
import Web

extension InvoicePrint {
    /// What was sold, line by line, and below it what is added to the whole or taken from it.
    var lines: HTML {
        let first = (document.lines.map(\.position).max() ?? 0) + 1
        let adjustments = document.adjustments.enumerated().map { index, adjustment in
            Self.row(adjustment, number: first + index)
        }
        return """
            <table class="lines">
            <thead>
            <tr><th>Nr.</th><th class="name">Denumirea</th><th>U.M.</th><th>Cant.</th>\
            <th>Preț unit.<br>fără TVA</th><th>Valoare<br>fără TVA</th><th>Cota<br>TVA</th>\
            <th>TVA</th><th>Total<br>cu TVA</th></tr>
            </thead>
            <tbody>
            \(document.lines.map(Self.row))\(adjustments)</tbody>
            </table>
            """
    }

    private static func row(_ line: InvoiceLine) -> HTML {
        let sku: HTML = line.sku.map { "<small>\($0)</small>" } ?? ""
        return row(
            number: line.position,
            name: "\(line.name)\(sku)",
            unit: unit(line.unitCode),
            quantity: String(line.quantity),
            price: line.net.printed(dividedBy: line.quantity),
            amounts: Amounts(net: line.net, gross: line.gross, rate: line.vatRate)
        )
    }

    private static func row(_ adjustment: InvoiceAdjustment, number: Int) -> HTML {
        row(
            number: number,
            name: "\(adjustment.reason)",
            unit: "",
            quantity: "",
            price: "",
            amounts: Amounts(
                net: adjustment.net,
                gross: adjustment.gross,
                rate: adjustment.vatRate,
                isTaken: !adjustment.kind.isCharge
            )
        )
    }

    /// What a row comes to.
    private struct Amounts {
        let net: Money
        let gross: Money
        let rate: VATRate
        /// Whether it is taken from the sum.
        var isTaken = false

        var vat: Money { Money(minor: gross.minor - net.minor, gross.currency) }

        func printed(_ money: Money) -> String {
            Money(minor: isTaken ? -money.minor : money.minor, money.currency).printed
        }
    }

    private static func row(
        number: Int,
        name: HTML,
        unit: String,
        quantity: String,
        price: String,
        amounts: Amounts
    ) -> HTML {
        """
        <tr><td>\(number)</td><td class="name">\(name)</td><td>\(unit)</td><td>\(quantity)</td>\
        <td>\(price)</td><td>\(amounts.printed(amounts.net))</td><td>\(amounts.rate.printed)</td>\
        <td>\(amounts.printed(amounts.vat))</td><td>\(amounts.printed(amounts.gross))</td></tr>

        """
    }

    /// The usual abbreviation of a unit of UN/ECE recommendation 20; the code where there is none.
    private static func unit(_ code: String) -> String {
        switch code {
        case "H87": "buc."
        case "KGM": "kg"
        case "MTR": "m"
        case "LTR": "l"
        case "PR": "per."
        case "HUR": "ore"
        default: code
        }
    }
}
