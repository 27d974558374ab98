import Commerce

/// What somebody bought, made of a seed: 1 to 200 lines under one rate or several, now and then
/// with a discount and with shipping, at prices of a ban to 10,000 lei.
struct RandomOrder {
    var lines: [Line] = []
    var discount: Int64 = 0
    var shipping: Int64 = 0
    let rateWithoutGoods: VATRate

    init(_ random: inout SeededRandom) throws {
        let rates: [VATRate] =
            switch Int.random(in: 0..<4, using: &random) {
            case 0: [.standard]
            case 1: [.reduced]
            case 2: [.standard, .reduced]
            default: try [5, 9, 19].map(InvoiceSample.rate)
            }
        rateWithoutGoods = rates[0]
        // Small orders and small prices are where a ban counts most.
        let most = [1, 3, 20, 200].randomElement(using: &random) ?? 1
        let dearest: Int64 = [2, 60, 9_999, 1_000_000].randomElement(using: &random) ?? 1
        for _ in 0..<Int.random(in: 1...most, using: &random) {
            let pieces = Bool.random(using: &random) ? 1 : 12
            lines.append(
                try InvoiceSample.line(
                    .random(in: 0...dearest, using: &random),
                    quantity: .random(in: 1...pieces, using: &random),
                    rate: rates.randomElement(using: &random) ?? .standard
                )
            )
        }
        if Bool.random(using: &random) {
            let isWhole = Int.random(in: 0..<8, using: &random) == 0
            discount = isWhole ? items : .random(in: 0...items, using: &random)
        }
        if Bool.random(using: &random) { shipping = .random(in: 0...2_500, using: &random) }
    }

    var items: Int64 { lines.reduce(0) { $0 + $1.total.minor } }
    var total: Int64 { items - discount + shipping }

    func invoice(ordinal: Int64 = 1) throws -> InvoiceDocument {
        try InvoiceSample.invoice(
            lines,
            ordinal: ordinal,
            discount: discount,
            shipping: shipping,
            rateWithoutGoods: rateWithoutGoods
        )
    }
}
