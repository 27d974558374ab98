internal import Commerce

/// A number with decimals, exactly: `mantissa` × 10^−`scale`.
struct UBLDecimal: Sendable, Equatable {
    let mantissa: Int128
    /// From 0.
    let scale: Int

    init(mantissa: Int128, scale: Int) {
        self.mantissa = mantissa
        self.scale = scale
    }

    init(_ money: Money) {
        self.init(mantissa: Int128(money.minor), scale: 2)
    }

    /// Reads a decimal of XML Schema with at most 18 digits: no exponent, no blanks.
    init?(parsing text: String) {
        var bytes = Array(text.utf8)[...]
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative || bytes.first == UInt8(ascii: "+") { bytes.removeFirst() }
        let parts = bytes.split(
            separator: UInt8(ascii: "."),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let digits = parts.joined()
        guard (1...18).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        let absolute = digits.reduce(Int128(0)) { $0 * 10 + Int128($1) - 48 }
        self.init(
            mantissa: isNegative ? -absolute : absolute,
            scale: parts.count == 2 ? parts[1].count : 0
        )
    }

    /// The price of one of `count` pieces that cost `money` together, with as few decimals from
    /// four on as give that sum again when it is multiplied and rounded.
    ///
    /// With `scale` decimals the product is off by at most count ÷ 2 × 10^−scale: four do for less
    /// than a hundred pieces, twelve, the most, for ten thousand million.
    init(pieceOf money: Money, count: Int) {
        let count = max(1, count)
        var scale = 4
        while true {
            let numerator = Int128(money.minor) * Self.power(scale - 2)
            let price = UBLDecimal(
                mantissa: Self.rounded(numerator, over: Int128(count)),
                scale: scale
            )
            let product = price * UBLDecimal(mantissa: Int128(count), scale: 0)
            if scale >= 12 || product.hundredths == Int128(money.minor) {
                self = price
                return
            }
            scale += 1
        }
    }

    /// In hundredths, rounded half away from zero.
    var hundredths: Int128 {
        scale <= 2
            ? mantissa * Self.power(2 - scale)
            : Self.rounded(mantissa, over: Self.power(scale - 2))
    }

    static func * (first: UBLDecimal, second: UBLDecimal) -> UBLDecimal {
        UBLDecimal(
            mantissa: first.mantissa * second.mantissa,
            scale: first.scale + second.scale
        )
    }

    /// Half away from zero, as money is.
    static func rounded(_ numerator: Int128, over divisor: Int128) -> Int128 {
        let doubled = (2 * numerator.magnitude + divisor.magnitude) / (2 * divisor.magnitude)
        return numerator.signum() * divisor.signum() * Int128(doubled)
    }

    private static func power(_ exponent: Int) -> Int128 {
        (0..<exponent).reduce(Int128(1)) { power, _ in power * 10 }
    }
}

extension UBLDecimal: CustomStringConvertible {
    /// With a point, without zeros behind the second decimal.
    var description: String {
        let digits = String(mantissa.magnitude)
        let whole = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        var decimals = whole.suffix(scale)
        while decimals.count > 2, decimals.last == "0" { decimals.removeLast() }
        let sign = mantissa < 0 ? "-" : ""
        let point = decimals.isEmpty ? "" : "."
        return sign + whole.dropLast(scale) + point + decimals
    }
}
