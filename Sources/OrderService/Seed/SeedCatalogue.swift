import Commerce
import Web

/// One product of the demo shop.
struct SeedProduct: Sendable {
    let sku: String
    let name: String
    let price: Money
    let vatRate: VATRate
    let stock: Int
    let weightGrams: Int

    /// The form in which product-service loads it.
    var json: JSON {
        [
            "sku": .string(sku), "name": .string(name), "price": .integer(price.minor),
            "currency": .string(price.currency.rawValue), "vatRate": JSON(vatRate.percent),
            "stock": JSON(stock), "weightGrams": JSON(weightGrams),
        ]
    }
}

/// The products of the demo shop.
///
/// They do not depend on the seed, and a larger catalogue begins like a smaller one, so that a
/// SKU means the same product in every database.
struct SeedCatalogue: Sendable {
    /// The largest catalogue: every combination of every category, and the sample.
    static let capacity =
        1 + SeedCategory.all.reduce(0) { $0 + $1.combinations }

    /// What costs nothing, so that there are orders without a payment.
    static let sample = SeedProduct(
        sku: "MOSTRA-CAFEA",
        name: "Mostră de cafea „Dimineața”, 20 g",
        price: .zero(.ron),
        vatRate: .reduced,
        stock: 100_000,
        weightGrams: 25
    )

    /// The products that cost something; `count` of them together with the sample.
    let products: [SeedProduct]

    init(count: Int) {
        precondition((2...Self.capacity).contains(count), "the word lists suffice")
        let categories = SeedCategory.all
        products = (0..<count - 1).map { position in
            categories[position % categories.count].product(position / categories.count)
        }
    }

    /// Everything that product-service is to know.
    var all: [SeedProduct] { [Self.sample] + products }
}

/// A kind of goods: each product combines a thing, a quality and a size.
struct SeedCategory: Sendable {
    struct Size: Sendable {
        let label: String
        /// Price in percent of the smallest size's.
        let percent: Int64
        let grams: Int
    }

    let code: String
    let vatRate: VATRate
    /// Of the smallest size, in bani.
    let prices: ClosedRange<Int64>
    let things: [String]
    let qualities: [String]
    let sizes: [Size]

    var combinations: Int { things.count * qualities.count * sizes.count }

    /// The product of this number; numbers that follow each other differ in all three parts.
    func product(_ number: Int) -> SeedProduct {
        // 77 has no divisor in common with 8 × 8 × 3, so every combination comes once.
        let place = number * 77 % combinations
        let size = sizes[place / (things.count * qualities.count)]
        let quality = qualities[place / things.count % qualities.count]
        var random = SeedRandom(
            seed: UInt64(number),
            sequence: code.utf8.reduce(0) { $0 << 8 | UInt64($1) }
        )
        let base = random.number(in: prices)
        // Prices end in 90 bani, as they do in shops.
        let price = base * size.percent / 100 / 100 * 100 + 90
        let ordinal = String(number + 1)
        let digits = String(repeating: "0", count: max(0, 3 - ordinal.count)) + ordinal
        return SeedProduct(
            sku: "\(code)-\(digits)",
            name: "\(things[place % things.count]) \(quality), \(size.label)",
            price: Money(minor: price, .ron),
            vatRate: vatRate,
            stock: Int(random.number(in: 200...5_000)),
            weightGrams: size.grams
        )
    }
}
