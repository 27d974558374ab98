import Commerce

/// What somebody bought, made of a seed: one to 200 lines under one rate or two, now and then with
/// a discount and with shipping, by any kind of buyer.
struct RandomOrder {
    private static let names = [
        "Râșniță de cafea", "Tricou <alb> & „negru”", "Carte", "Ceai verde 250 g", "Cană 👩‍💻",
        String(repeating: "Foarte lung ", count: 30),
    ]

    let invoice: InvoiceDocument

    init(ordinal: Int64, _ random: inout SeededRandom) throws {
        let rates: [VATRate] =
            [[.standard], [.reduced], [.standard, .reduced], [.standard, .reduced]]
            .randomElement(using: &random) ?? []
        // Mostly baskets; every hundredth is as long as they come.
        let most = [ordinal % 100 == 0 ? 200 : 1, 4, 12].randomElement(using: &random) ?? 1
        let dearest: Int64 = [2, 60, 9_999, 1_000_000].randomElement(using: &random) ?? 1
        let lines = try (0..<Int.random(in: 1...(ordinal % 100 == 0 ? 200 : most), using: &random))
            .map { _ in
                try Documents.line(
                    Self.names.randomElement(using: &random) ?? "",
                    .random(in: 0...dearest, using: &random),
                    quantity: .random(
                        in: 1...(Bool.random(using: &random) ? 1 : 999),
                        using: &random
                    ),
                    rates.randomElement(using: &random) ?? .standard
                )
            }
        let items = lines.reduce(0) { $0 + $1.total.minor }
        let discount = Bool.random(using: &random) ? Int64.random(in: 0...items, using: &random) : 0
        let shipping = Bool.random(using: &random) ? Int64.random(in: 0...2_500, using: &random) : 0
        let total = items - discount + shipping
        invoice = try Documents.invoice(
            lines,
            ordinal: ordinal,
            buyer: Self.buyer(&random),
            discount: discount == 0
                ? nil : OrderAdjustment(gross: Documents.ron(discount), reason: "Reducere"),
            shipping: shipping == 0
                ? nil : OrderAdjustment(gross: Documents.ron(shipping), reason: "Transport"),
            prepaid: Bool.random(using: &random) ? total : 0
        )
    }

    private static func buyer(_ random: inout SeededRandom) throws -> InvoiceParty {
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            Documents.buyer(
                "Cafenea Șapte Țărăncuțe SRL",
                .vatPayer(try Documents.cui("93456784")),
                tradeRegister: Bool.random(using: &random) ? "J40/5678/2019" : nil
            )
        case 1: Documents.buyer("Ionescu PFA", .company(try Documents.cui("98887770")))
        default: Documents.buyer()
        }
    }

    /// Credits the invoice by amounts and at last the rest, in up to five steps; some not at all.
    func creditNotes(
        ordinal: inout Int64,
        _ random: inout SeededRandom
    ) throws -> [InvoiceDocument] {
        var notes: [InvoiceDocument] = []
        for step
            in 0..<(invoice.totals.gross.minor == 0 ? 0 : Int.random(in: 0...3, using: &random))
        {
            let left = try InvoiceBalance(of: invoice, after: notes).gross.minor
            if left == 0 { break }
            let crediting: Crediting =
                step == 2 || Bool.random(using: &random)
                ? .rest : .amount(Documents.ron(.random(in: 1...left, using: &random)))
            ordinal += 1
            notes.append(
                try Documents.creditNote(of: invoice, after: notes, crediting, ordinal: ordinal)
            )
        }
        return notes
    }
}
