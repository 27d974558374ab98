import Commerce
import Web

/// The page of an invoice or a credit note that people print: A4, in Romanian, without scripts.
///
/// It shows the document and nothing else, so it never changes. Names and texts stand on it whole, where
/// the UBL has them cut to its limits. Its parts are in `InvoicePrint+Parties`, `InvoicePrint+Lines` and
/// `InvoicePrint+Sums`, its look in `InvoicePrint+Style`.
struct InvoicePrint {
    let document: InvoiceDocument

    init(_ document: InvoiceDocument) {
        self.document = document
    }

    var page: HTML {
        """
        <!DOCTYPE html>
        <html lang="ro">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="only light">
        <title>\(title) \(document.number.description)</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <main>
        \(head)
        \(parties)
        \(lines)
        \(sums)
        \(remarks)
        </main>
        </body>
        </html>

        """
    }

    private var title: String { document.kind == .invoice ? "Factură" : "Factură storno" }

    /// The number's digits, filled up with zeros.
    private var ordinal: String {
        String(document.number.description.dropFirst(document.number.series.count))
    }

    private var head: HTML {
        """
        <header>
        <div>
        <h1>\(title)</h1>
        <p class="number">Seria <b>\(document.number.series)</b> nr. <b>\(ordinal)</b></p>
        \(preceding)
        </div>
        <dl class="facts">\(facts)</dl>
        </header>
        """
    }

    /// What a credit note corrects: without it the document is none.
    private var preceding: HTML {
        guard let preceding = document.preceding else { return "" }
        return """
            <p class="preceding">Stornează factura <b>\(preceding.number)</b> \
            din <b>\(preceding.issueDate.printed)</b>; sumele se scad din ea.</p>
            """
    }

    private var facts: [HTML] {
        [
            Self.fact("Data emiterii", document.issueDate.printed),
            Self.fact("Data livrării sau a încasării", document.deliveryDate?.printed),
            Self.fact("Data scadenței", document.dueDate?.printed),
            Self.fact("Comanda", document.orderNumber),
            Self.fact("Moneda", document.currency.rawValue),
        ]
    }

    /// A term and its value; nothing where there is none.
    static func fact(_ term: String, _ value: String?) -> HTML {
        guard let value, !value.isEmpty else { return "" }
        return "<div><dt>\(term)</dt><dd>\(value)</dd></div>"
    }

    private var remarks: HTML {
        let notes = document.notes.map { note -> HTML in "<p>\(note)</p>" }
        let terms = Self.fact("Condiții de plată", document.paymentTerms)
        let means = document.paymentMeans
        return """
            <section class="remarks">
            <dl>\(Self.fact("Modalitatea de plată", means.text))\(terms)\
            \(Self.fact("Cont", means.iban?.printed))\
            \(Self.fact("Titularul contului", means.accountName))</dl>
            \(notes)
            </section>
            """
    }
}
