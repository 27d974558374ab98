package import Commerce
import Web

/// The ways to send goods that the shop offers, read from a file at start.
package struct ShippingMethods: Sendable {
    package let all: [ShippingMethod]

    /// What is offered where no file is set.
    package static let builtIn = ShippingMethods(all: [
        ShippingMethod(
            id: "courier",
            name: "Curier rapid",
            price: Money(minor: 1_999, .ron),
            vatRate: .standard,
            freeFrom: Money(minor: 30_000, .ron)
        ),
        ShippingMethod(
            id: "locker",
            name: "Livrare la locker",
            price: Money(minor: 1_299, .ron),
            vatRate: .standard,
            freeFrom: Money(minor: 20_000, .ron)
        ),
        ShippingMethod(
            id: "pickup",
            name: "Ridicare din magazin",
            price: .zero(.ron),
            vatRate: .standard,
            freeFrom: nil
        ),
    ])

    private init(all: [ShippingMethod]) {
        self.all = all
    }

    package subscript(_ id: String) -> ShippingMethod? {
        all.first { $0.id == id }
    }

    /// Reads a file's JSON: an array of `{id, name, price, vatRate, freeFrom?}`, prices in bani.
    ///
    /// The rate counts for goods without value; otherwise shipping bears the goods'.
    ///
    /// - Throws: a `Problem` whose faults name every wrong member.
    init(parsing bytes: [UInt8]) throws(Problem) {
        let reader = try BodyReader(Array("{\"methods\":".utf8) + bytes + Array("}".utf8))
        let methods = reader.objects("methods", count: 1...50, required: true) { method in
            let id = method.string("id", length: 1...32, required: true)
            let name = method.string("name", length: 1...100, required: true)
            let price = method.integer("price", in: 0...10_000_000, required: true)
            let rate = method.integer("vatRate", in: 0...100, required: true)
                .flatMap { VATRate(percent: Int($0)) }
            let freeFrom = method.integer("freeFrom", in: 0...1_000_000_000)
            guard let id, let name, let price, let rate else { return ShippingMethod?.none }
            return ShippingMethod(
                id: id,
                name: name,
                price: Money(minor: price, .ron),
                vatRate: rate,
                freeFrom: freeFrom.map { Money(minor: $0, .ron) }
            )
        }
        try reader.finish()
        all = methods ?? []
    }
}
