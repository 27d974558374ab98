import Commerce
import Web

extension InvoiceCorrection {
    /// Replaces rates of what an invoice is made of.
    ///
    /// - Parameters:
    ///   - source: what the invoice is made of.
    ///   - today: the day of issue.
    /// - Throws: a `Problem` with 422 where a rate is to be replaced that nothing bears, or that was
    ///   in force on the day of the supply.
    func correctRates(of source: inout InvoiceDrafting.Source, on today: CalendarDate) throws {
        let new = Dictionary(rates.map { ($0.from, $0.to) }) { first, _ in first }
        let day = min(source.suppliedOn ?? today, today)
        for (index, rate) in rates.enumerated() {
            guard source.rates.contains(rate.from) else { throw Problem.nothingBears(at: index) }
            if VATRateTable.isInForce(rate.from, on: day) {
                throw Problem.isInForce(at: index, on: day)
            }
        }
        source.lines = try source.lines.map { line in
            try Line(
                sku: line.sku,
                name: line.name,
                quantity: line.quantity,
                unitPrice: line.unitPrice,
                vatRate: new[line.vatRate] ?? line.vatRate
            )
        }
        source.shippingRate = new[source.shippingRate] ?? source.shippingRate
    }
}

extension Problem {
    fileprivate static func nothingBears(at index: Int) -> Problem {
        invalid(
            .unprocessableContent,
            pointer: "/rates/\(index)/from",
            code: "value",
            detail: "Nothing of this order bears this rate."
        )
    }

    fileprivate static func isInForce(at index: Int, on day: CalendarDate) -> Problem {
        invalid(
            .unprocessableContent,
            pointer: "/rates/\(index)/from",
            code: "value",
            detail: "This rate was in force on \(day), so it stays."
        )
    }
}
