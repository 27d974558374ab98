import Commerce
import Web

extension InvoicePrint {
    /// The tax by rates, and what it all comes to; on one page, wherever the lines end.
    var sums: HTML {
        """
        <section class="sums">
        <table class="vat">
        <thead>
        <tr><th>Cota TVA</th><th>Baza</th><th>TVA</th><th>Total</th></tr>
        </thead>
        <tbody>
        \(document.vat.map(Self.row))</tbody>
        </table>
        <table class="totals">
        <tbody>
        \(totals)</tbody>
        </table>
        </section>
        """
    }

    private static func row(_ group: InvoiceVAT) -> HTML {
        let gross = Money(minor: group.base.minor + group.vat.minor, group.base.currency)
        return """
            <tr><td>\(group.rate.printed)</td><td>\(group.base.printed)</td>\
            <td>\(group.vat.printed)</td><td>\(gross.printed)</td></tr>

            """
    }

    private var totals: [HTML] {
        let totals = document.totals
        let isInvoice = document.kind == .invoice
        var rows = [Self.row("Total fără TVA", totals.net), Self.row("TVA", totals.vat)]
        rows.append(Self.row(isInvoice ? "Total" : "Total storno", totals.gross, isMain: true))
        if isInvoice {
            if totals.prepaid.minor != 0 { rows.append(Self.row("Achitat", totals.prepaid)) }
            rows.append(Self.row("Rest de plată", totals.payable))
        }
        return rows
    }

    private static func row(_ term: String, _ amount: Money, isMain: Bool = false) -> HTML {
        let style: HTML = isMain ? " class=\"main\"" : ""
        return """
            <tr\(style)><th scope="row">\(term)</th>\
            <td>\(amount.printed) \(amount.currency.printed)</td></tr>

            """
    }
}
