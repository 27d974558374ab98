import Commerce

@testable import UBL

/// Documents with hardly anything in them but what a path leads to.
enum SmallDocument {
    /// Of a union of paths the one that leads somewhere in a document of this kind.
    static func path(_ paths: String, of kind: InvoiceDocument.Kind) -> String {
        let paths = paths.split(separator: "|").map { $0.trimmingPrefix(" ") }
        let other = kind == .invoice ? "cac:CreditNoteLine" : "cac:InvoiceLine"
        return String(paths.first { !$0.contains(other) } ?? "")
    }

    /// The document in which `path`, from the root on, leads to a text.
    static func bytes(
        _ kind: InvoiceDocument.Kind,
        with path: String,
        _ text: String
    ) -> [UInt8] {
        let form = UBLForm(kind)
        var steps = steps(path)
        var content = text
        var attribute = ""
        while let step = steps.popLast() {
            if step.hasPrefix("@") {
                attribute = " \(step.dropFirst())='\(content)'"
                content = ""
            } else {
                content = element(step, attribute, content)
                attribute = ""
            }
        }
        // A currency, for VAT in the document's and in another one.
        return Array(
            """
            <\(form.root) xmlns='\(form.namespace)' xmlns:cac='\(UBLNamespace.aggregates)' \
            xmlns:cbc='\(UBLNamespace.basics)'>\
            <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>\(content)</\(form.root)>
            """.utf8
        )
    }

    private static func element(_ step: String, _ attribute: String, _ content: String) -> String {
        let name = step.prefix { $0 != "[" }
        let condition = step.dropFirst(name.count)
        let before: String =
            switch true {
            case condition.contains("'true'"):
                "<cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
            case condition.contains("'false'"):
                "<cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
            default: ""
            }
        let currency =
            switch true {
            case condition.contains("not(@currencyID"): " currencyID='EUR'"
            case condition.contains("@currencyID"): " currencyID='RON'"
            default: ""
            }
        return "<\(name)\(currency)\(attribute)>\(before)\(content)</\(name)>"
    }

    /// The path's steps after the root.
    private static func steps(_ path: String) -> [String] {
        var depth = 0
        var steps: [String] = [""]
        for character in path {
            if character == "[" { depth += 1 }
            if character == "]" { depth -= 1 }
            if character == "/" && depth == 0 {
                steps.append("")
            } else {
                steps[steps.count - 1].append(character)
            }
        }
        return steps.filter { !$0.isEmpty && $0 != "*" }
    }
}
