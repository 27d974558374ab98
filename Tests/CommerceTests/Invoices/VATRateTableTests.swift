import Commerce
import Testing

@Suite("Rates of tax and their days") struct VATRateTableTests {
    @Test(
        "has the rates of a day",
        arguments: [
            ("2015-12-31", []), ("2016-01-01", [5, 9, 20]), ("2016-12-31", [5, 9, 20]),
            ("2017-01-01", [5, 9, 19]), ("2025-07-31", [5, 9, 19]), ("2025-08-01", [11, 21]),
            ("2026-11-29", [11, 21]),
        ]
    )
    func ratesOfDay(text: String, percents: [Int]) throws {
        let date = try #require(CalendarDate(parsing: text))
        #expect(VATRateTable.rates(on: date).map(\.percent) == percents)
        for percent in 0...100 {
            let rate = try #require(VATRate(percent: percent))
            #expect(VATRateTable.isInForce(rate, on: date) == percents.contains(percent))
        }
    }

    @Test("has lost no entry to a day that does not exist")
    func entries() {
        #expect(VATRateTable.entries.count == 6)
        #expect(VATRateTable.entries.count { $0.through == nil } == 2)
    }
}
