import FoundationEssentials
import Signing
import Web

extension InvoicePrint {
    /// Nothing but the style of the page itself is let in: no script, no picture, no other place.
    static let contentSecurityPolicy: String = {
        let digest = SHA256.digest(Array(style.text.utf8)).bytes
        return """
            default-src 'none'; style-src 'sha256-\(Data(digest).base64EncodedString())'; \
            base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
    }()

    /// Black on white for paper, a sheet of A4 on a screen.
    ///
    /// A line is never parted between two pages, the table's head is on each, and the sums stay
    /// together.
    static let style: HTML = """
        @page { size: A4; margin: 14mm 12mm 16mm;
          @bottom-right { content: counter(page) " / " counter(pages);
            font: 8pt "Noto Sans", "DejaVu Sans", Arial, sans-serif; } }
        * { box-sizing: border-box; margin: 0; padding: 0; }
        html { font: 9.5pt/1.4 "Noto Sans", "DejaVu Sans", Arial, sans-serif; color: #111; }
        p, dd, td { overflow-wrap: anywhere; }
        header { display: flex; justify-content: space-between; gap: 8mm;
          padding-bottom: 4mm; border-bottom: .6mm solid #111; }
        h1 { font-size: 20pt; line-height: 1.1; }
        h2 { font-size: 8pt; text-transform: uppercase; letter-spacing: .05em; color: #555;
          margin-bottom: 1mm; }
        .number { margin-top: 1.5mm; font-size: 12pt; }
        .preceding { margin-top: 1.5mm; }
        dl > div { display: flex; gap: 2mm; }
        dt { color: #555; white-space: nowrap; }
        dt::after { content: ":"; }
        .facts > div { justify-content: space-between; gap: 6mm; }
        .facts dd { font-weight: 600; white-space: nowrap; }
        .parties { display: flex; flex-wrap: wrap; gap: 5mm 8mm; padding: 5mm 0; }
        .parties > div { flex: 1 1 40%; min-width: 0; }
        .parties .name { font-weight: 600; font-size: 11pt; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th { font-weight: 600; text-align: right; vertical-align: bottom; }
        td { text-align: right; vertical-align: top; }
        th, td { padding: 1.2mm 1.5mm; }
        .lines { width: 100%; font-size: 8.5pt; }
        .lines thead { display: table-header-group; }
        .lines thead th { border-bottom: .3mm solid #111; line-height: 1.2; white-space: nowrap; }
        .lines tr { break-inside: avoid; }
        .lines td { border-bottom: .1mm solid #bbb; white-space: nowrap; }
        .lines .name { width: 100%; text-align: left; white-space: normal; }
        .lines small { display: inline-block; margin-left: 1.5mm; color: #555; font-size: 7.5pt; }
        .sums { display: flex; justify-content: space-between; align-items: flex-start; gap: 8mm;
          padding-top: 5mm; break-inside: avoid; }
        .vat thead th { border-bottom: .2mm solid #111; }
        .vat td { border-bottom: .1mm solid #bbb; white-space: nowrap; }
        .totals th { text-align: left; }
        .totals td { white-space: nowrap; }
        .totals .main > * { font-size: 12pt; border: solid #111; border-width: .3mm 0; }
        .totals .main > td { font-weight: 600; }
        .remarks { padding-top: 5mm; break-inside: avoid; }
        .remarks p { margin-top: 1.5mm; }
        @media screen {
          html { background: #ddd; }
          body { width: 210mm; max-width: 100%; min-height: 297mm; margin: 6mm auto;
            padding: 14mm 12mm; background: #fff; box-shadow: 0 0 4mm #0003; overflow-x: auto; }
        }

        """
}
