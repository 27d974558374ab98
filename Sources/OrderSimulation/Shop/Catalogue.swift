import Web

/// What product-service sells.
struct Product {
    let sku: String
    let name: String
    /// Gross price of one piece in minor units.
    let price: Int64
    let currency: String
    /// VAT in whole percent.
    let vatRate: Int64
    let weightGrams: Int64?
    /// Pieces when the catalogue was loaded.
    let loadedStock: Int64
    /// Pieces that can still be reserved.
    var stock: Int64

    var json: JSON {
        [
            "sku": .string(sku),
            "name": .string(name),
            "price": JSON(price),
            "currency": .string(currency),
            "vatRate": JSON(vatRate),
            "stock": JSON(stock),
            "weightGrams": JSON(weightGrams),
        ]
    }

    /// Reads one element of `PUT /products`.
    init?(_ body: BodyReader) {
        let sku = body.string("sku", length: 1...64, required: true)
        let name = body.string("name", length: 1...255, required: true)
        let price = body.integer("price", in: 0...99_999_999, required: true)
        let currency = body.string("currency", length: 3...3)
        let vatRate = body.integer("vatRate", in: 0...100)
        let stock = body.integer("stock", in: 0...1_000_000_000)
        let weight = body.integer("weightGrams", in: 0...10_000_000)
        guard let sku, let name, let price else { return nil }
        self.init(
            sku,
            name,
            price,
            currency: currency ?? "RON",
            vatRate: vatRate ?? 21,
            stock: stock ?? 1_000,
            weightGrams: weight
        )
    }

    init(
        _ sku: String,
        _ name: String,
        _ price: Int64,
        currency: String = "RON",
        vatRate: Int64,
        stock: Int64 = 1_000,
        weightGrams: Int64? = nil
    ) {
        self.sku = sku
        self.name = name
        self.price = price
        self.currency = currency
        self.vatRate = vatRate
        self.weightGrams = weightGrams
        self.stock = stock
        loadedStock = stock
    }
}

/// The products by SKU, in the order in which they were loaded.
struct Catalogue {
    private(set) var products: [Product]
    private var positions: [String: Int] = [:]

    init(_ products: [Product] = Self.defaults) {
        self.products = []
        for product in products { load(product) }
    }

    subscript(_ sku: String) -> Product? {
        positions[sku].map { products[$0] }
    }

    /// Adds a product or replaces the one with its SKU.
    mutating func load(_ product: Product) {
        if let position = positions[product.sku] {
            products[position] = product
        } else {
            positions[product.sku] = products.count
            products.append(product)
        }
    }

    /// Takes pieces away (negative) or gives them back.
    mutating func change(_ sku: String, by pieces: Int64) {
        guard let position = positions[sku] else { return }
        products[position].stock += pieces
    }

    /// The stock as it was loaded.
    mutating func restock() {
        for index in products.indices { products[index].stock = products[index].loadedStock }
    }

    /// The answer to `GET /products?skus=a,b`; without SKUs all products.
    func answer(skus: [String]?) -> JSON {
        guard let skus else {
            return ["products": .array(products.map(\.json)), "missing": []]
        }
        var seen: Set<String> = []
        let asked = skus.filter { seen.insert($0).inserted }
        return [
            "products": .array(asked.compactMap { self[$0]?.json }),
            "missing": .array(asked.filter { self[$0] == nil }.map(JSON.string)),
        ]
    }

    static let defaults = [
        Product(
            "CAFEA-250",
            "Cafea boabe „Dimineața”, 250 g",
            3_490,
            vatRate: 11,
            weightGrams: 260
        ),
        Product("CEAI-VERDE", "Ceai verde cu iasomie, 100 g", 2_450, vatRate: 11, weightGrams: 120),
        Product("MIERE-TEI", "Miere de tei, borcan 400 g", 3_890, vatRate: 11, weightGrams: 620),
        Product("CANA-ALBA", "Cană albă de porțelan, 300 ml", 4_990, vatRate: 21, weightGrams: 350),
        Product("RASNITA", "Râșniță manuală de cafea", 19_990, vatRate: 21, weightGrams: 900),
        Product(
            "IBRIC-CUPRU",
            "Ibric de cupru, făcut manual",
            14_900,
            vatRate: 21,
            weightGrams: 480
        ),
        Product("ESPRESSOR", "Espressor „Țara Moților”", 129_900, vatRate: 21, weightGrams: 9_500),
    ]
}
