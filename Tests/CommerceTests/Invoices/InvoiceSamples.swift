import Commerce
import Testing

/// Invoices and credit notes of a fictitious shop.
enum InvoiceSample {
    static func date(_ text: String) throws -> CalendarDate {
        try #require(CalendarDate(parsing: text))
    }

    static func number(_ ordinal: Int64, series: String = "MEX") throws -> InvoiceNumber {
        try #require(InvoiceNumber(series: series, ordinal: ordinal))
    }

    static func rate(_ percent: Int) throws -> VATRate {
        try #require(VATRate(percent: percent))
    }

    static func ron(_ minor: Int64) -> Money { Money(minor: minor, .ron) }

    static func line(
        _ price: Int64,
        quantity: Int = 1,
        rate: VATRate = .standard,
        name: String = "Cană"
    ) throws -> Line {
        try Line(
            sku: "SKU-\(price)",
            name: name,
            quantity: quantity,
            unitPrice: ron(price),
            vatRate: rate
        )
    }

    static func seller() throws -> InvoiceParty {
        InvoiceParty(
            name: "Magazin Exemplu SRL",
            identity: .vatPayer(try #require(CUI(parsing: "RO90123459"))),
            tradeRegister: "J12/1234/2015",
            legalText: "Capital social 200 RON",
            address: Address(
                street: "Strada Exemplului nr. 10",
                city: "Cluj-Napoca",
                county: "RO-CJ",
                postalCode: "400001",
                country: "RO"
            )
        )
    }

    static func buyer(_ name: String = "Ana Popescu-Exemplu") -> InvoiceParty {
        InvoiceParty(
            name: name,
            identity: .unidentifiedConsumer,
            address: Address(
                street: "Șoseaua Olteniței nr. 100, ap. 7",
                city: "SECTOR4",
                county: "RO-B",
                postalCode: "041312",
                country: "RO"
            )
        )
    }

    static func invoice(
        _ lines: [Line],
        ordinal: Int64 = 124,
        discount: Int64 = 0,
        shipping: Int64 = 0,
        rateWithoutGoods: VATRate = .standard,
        prepaid: Int64 = 0
    ) throws -> InvoiceDocument {
        try .invoice(
            number: number(ordinal),
            issueDate: date("2026-11-20"),
            orderNumber: "RO-7Q4K-92MX-3",
            seller: seller(),
            buyer: buyer(),
            paymentMeans: InvoicePaymentMeans(code: .card, text: "Card bancar"),
            lines: lines,
            discount: discount == 0
                ? nil : OrderAdjustment(gross: ron(discount), reason: "Reducere comandă"),
            shipping: shipping == 0
                ? nil
                : OrderAdjustment(
                    gross: ron(shipping),
                    reason: "Transport",
                    rateWithoutGoods: rateWithoutGoods
                ),
            prepaid: ron(prepaid)
        )
    }

    static func creditNote(
        of original: InvoiceDocument,
        after earlier: [InvoiceDocument] = [],
        _ crediting: Crediting
    ) throws -> InvoiceDocument {
        try .creditNote(
            of: original,
            after: earlier,
            crediting: crediting,
            number: number(Int64(earlier.count) + 1, series: "MEXS"),
            issueDate: date("2026-11-22"),
            paymentTerms: "Suma se restituie pe card."
        )
    }
}
