/// What CIUS-RO 1.0.1 and the tax office fix for every document.
enum CIUS {
    /// BT-24, the only one that is accepted (BR-RO-001).
    static let customization =
        "urn:cen.eu:en16931:2017#compliant#urn:efactura.mfinante.ro:CIUS-RO:1.0.1"

    /// The tax office's limit for a document, in bytes.
    static let byteLimit = 10_000_000

    /// Bucharest's sectors as cities (BR-RO-100).
    static let sectors = Set((1...6).map { "SECTOR\($0)" })

    /// In BT-47, of a consumer who gave no personal number.
    static let unidentified = "0000000000000"
}

/// The namespaces of UBL 2.1.
enum UBLNamespace {
    static let invoice = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    static let creditNote = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
    static let aggregates =
        "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
    static let basics = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
}
