package import Commerce
package import XML

/// Our rules for documents: all of CIUS-RO's, those of EN 16931 about what is there and about sums,
/// and our own about what the official ones let through.
///
/// CIUS-RO's are those of the ministry's set 1.0.9 by their identifiers. Some of these never look at
/// credit notes; here every rule is for both kinds.
package enum UBLRules {
    /// Says which rules a document breaks.
    ///
    /// - Parameters:
    ///   - bytes: a document in UBL 2.1.
    ///   - today: in Romania; no document is of a later day.
    /// - Returns: none if it may be issued; at most 100.
    /// - Throws: `XMLError` if the bytes are no XML that is read here.
    package static func faults(
        of bytes: [UInt8],
        today: CalendarDate
    ) throws(XMLError) -> [UBLFault] {
        let document = try XMLDocument(
            parsing: bytes,
            limit: CIUS.byteLimit,
            namespaces: [
                "ubl": UBLNamespace.invoice, "cn": UBLNamespace.creditNote,
                "cac": UBLNamespace.aggregates, "cbc": UBLNamespace.basics,
            ]
        )
        let root = document.root
        guard let kind = kind(of: root) else {
            let text = "neither an invoice nor a credit note of UBL 2.1"
            return [UBLFault(rule: "OWN-ROOT", field: "BT-24", location: root.path, text: text)]
        }
        let context = UBLContext(
            today: today,
            kind: kind,
            bases: try UBLRateGroup.bases(of: document)
        )
        var faults: [UBLFault] = []
        for rule in all where faults.count < most {
            faults += try rule.faults(in: document, context)
        }
        return Array(faults.prefix(most))
    }

    /// Enough to mend a document by, and a bound for one that is wrong in every line.
    private static let most = 100

    /// In the order in which their faults are told.
    static let all: [UBLRule] =
        general + dates + places + identities + partyLengths + lengths + amounts + given + sums
        + ownIdentities + ownAmounts + ownDates

    private static func kind(of root: XMLNode) -> InvoiceDocument.Kind? {
        switch (root.name, root.namespace) {
        case ("Invoice", UBLNamespace.invoice): .invoice
        case ("CreditNote", UBLNamespace.creditNote): .creditNote
        default: nil
        }
    }
}
