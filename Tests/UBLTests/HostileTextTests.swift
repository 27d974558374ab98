import Commerce
import Testing
import UBL
import XML

@Suite("Hostile texts in documents") struct HostileTextTests {
    static let texts = [
        String(repeating: "Întreprinderea ", count: 20) + "SRL",
        String(repeating: "👨‍👩‍👧‍👦", count: 60),
        String(repeating: "s\u{326}t\u{326}a\u{306}", count: 100),
        "a" + String(repeating: "\u{301}", count: 999),
        String(repeating: "&<>\"'", count: 60),
        "]]><!-- --><?x?><!DOCTYPE a [<!ENTITY x 'y'>]>&x;&#0;",
        "</cbc:Name></cac:Item><cac:Price/>",
        "Ana\u{0}Popescu\u{1}\u{8}\u{B}\u{C}\u{1F}\u{7F}\u{9F}\u{FFFE}\u{FFFF}",
        "  \r\n\t\u{2028}Ana\u{2029}\u{A0}Popescu  ",
        "\u{202E}uksepoP anA\u{202C}\u{200B}\u{FEFF}",
        String(repeating: "漢", count: 300), "{{7*7}} ${x} %s %n '; DROP TABLE invoices; --",
        String(repeating: "x", count: 100_000),
    ]

    private func document(_ text: String) throws -> InvoiceDocument {
        try Documents.invoice(
            [
                Line(
                    sku: text,
                    name: text,
                    quantity: 3,
                    unitPrice: Documents.ron(4_990),
                    vatRate: .standard
                )
            ],
            buyer: InvoiceParty(
                name: text,
                identity: .unidentifiedConsumer,
                address: Address(
                    street: text,
                    city: text,
                    county: "RO-CJ",
                    postalCode: "400001",
                    country: "RO"
                ),
                contactName: text,
                phone: text,
                email: text
            ),
            notes: [text, text],
            paymentTerms: text,
            paymentMeans: InvoicePaymentMeans(code: .cash, text: text, accountName: text),
            discount: OrderAdjustment(gross: Documents.ron(100), reason: text),
            shipping: OrderAdjustment(gross: Documents.ron(1_999), reason: text)
        )
    }

    @Test(
        "are refused where something has to stand and nothing of them is seen",
        arguments: [
            "\u{200B}\u{200B}", "\u{FE0F}", "\u{301}", "\u{E0041}\u{E0042}", " \u{AD} \u{2060}",
            "\u{115F}", "\u{20DD}", "\u{2800} \u{2800}", "\u{1D159}", "\u{3164}\u{1160}",
            "\u{FFA0}",
        ]
    )
    func invisible(text: String) throws {
        for document in [
            try document(text), try Documents.creditNote(of: document(text)),
        ] {
            let bytes = try UBLWriter.bytes(of: document)
            let rules = Set(try UBLRules.faults(of: bytes, today: Documents.today()).map(\.rule))
            #expect(rules == ["BR-07", "BR-25", "BR-RO-082", "BR-RO-092"])
        }
    }

    @Test("are written within the limits, and read as what they are", arguments: texts)
    func written(text: String) throws {
        for document in [
            try document(text), try Documents.creditNote(of: document(text)),
        ] {
            let bytes = try UBLWriter.bytes(of: document)
            let place = Self.texts.firstIndex(of: text) ?? 0
            try DocumentFolder.leave(bytes, as: "hostile-\(place)-\(document.kind.rawValue)")
            let faults = try UBLRules.faults(of: bytes, today: Documents.today())
            #expect(faults == [])
            let tree = try XMLDocument(
                parsing: bytes,
                limit: bytes.count,
                namespaces: [
                    "cac":
                        "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
                    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
                ]
            )
            let buyer = "/*/cac:AccountingCustomerParty/cac:Party/"
            let name = try tree.root.text(at: buyer + "cac:PartyLegalEntity/cbc:RegistrationName")
            let item = try tree.root.text(at: "*/cac:Item/cbc:Name")
            for (written, limit) in [(name, 200), (item, 100)] {
                let written = try #require(written)
                let visible = text.unicodeScalars.filter { !$0.properties.isWhitespace }
                    .filter {
                        XMLCharacters.contains($0) && $0.properties.generalCategory != .control
                    }
                let plain = written.unicodeScalars.filter { !$0.properties.isWhitespace }
                #expect(visible.starts(with: plain))
                #expect(written.unicodeScalars.count <= limit)
                #expect(written.unicodeScalars.count > limit - 12 || plain.count == visible.count)
            }
        }
    }

    @Test("of nothing but control characters are missing, as rules say")
    func nothing() throws {
        let bytes = try UBLWriter.bytes(of: document("\u{0}\u{1}\n"))
        let faults = try UBLRules.faults(of: bytes, today: Documents.today())
        #expect(
            Set(faults.map(\.rule)) == ["BR-RO-082", "BR-RO-092", "BR-07", "BR-25", "BR-CO-25"]
        )
    }
}
