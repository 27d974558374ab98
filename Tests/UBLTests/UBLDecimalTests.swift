import Commerce
import Testing

@testable import UBL

@Suite("Decimals") struct UBLDecimalTests {
    @Test(
        "are read and written",
        arguments: [
            ("0", "0"), ("0.00", "0.00"), ("12.5", "12.5"), ("-0.05", "-0.05"), ("+7.10", "7.10"),
            (".5", "0.5"), ("5.", "5"), ("495.0413", "495.0413"), ("8.250000", "8.25"),
            ("1.100000", "1.10"), ("123456789012345678", "123456789012345678"),
        ]
    )
    func reads(text: String, written: String) throws {
        let decimal = try #require(UBLDecimal(parsing: text))
        #expect(decimal.description == written)
    }

    @Test(
        "are nothing else",
        arguments: ["", ".", "-", "1,5", "1e2", " 1", "1 ", "0x1", "1.2.3", "--1", "١", "NaN"]
            + ["1234567890123456789"]
    )
    func refuses(text: String) {
        #expect(UBLDecimal(parsing: text) == nil)
    }

    @Test(
        "are rounded half away from zero",
        arguments: [
            ("0.004", 0), ("0.005", 1), ("-0.005", -1), ("-0.004", 0), ("1", 100), ("1.2", 120),
            ("990.0826", 99_008), ("0.0049999", 0),
        ] as [(String, Int128)]
    )
    func rounds(text: String, hundredths: Int128) throws {
        #expect(try #require(UBLDecimal(parsing: text)).hundredths == hundredths)
    }

    @Test(
        "price a piece with few decimals",
        arguments: [
            (9_916, 2, "49.58"), (2_477, 3, "8.2567"), (0, 7, "0.00"), (1, 999, "0.00001"),
            (99_008, 2, "495.04"), (100, 3, "0.3333"), (1, 0, "0.01"),
        ] as [(Int64, Int, String)]
    )
    func prices(net: Int64, count: Int, price: String) {
        let decimal = UBLDecimal(pieceOf: Money(minor: net, .ron), count: count)
        #expect(decimal.description == price)
    }

    @Test("price a piece so that all of them come to the net again", arguments: 0..<10)
    func pricesProperty(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<1_000 {
            let largest = Int64.max >> Int.random(in: 0...60, using: &random)
            let net = Int64.random(in: 0...largest, using: &random)
            let count = Int.random(
                in: 1...(1 << Int.random(in: 0...24, using: &random)),
                using: &random
            )
            let price = UBLDecimal(pieceOf: Money(minor: net, .ron), count: count)
            let product = price * UBLDecimal(mantissa: Int128(count), scale: 0)
            #expect(product.hundredths == Int128(net))
            #expect(price.scale <= 12)
        }
    }
}
