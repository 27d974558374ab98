import Commerce
import Testing

@testable import OrderService

@Suite("Demo products and customers")
struct SeedCatalogueTests {
    @Test("a catalogue begins like every larger one, and repeats neither SKU nor name")
    func isStable() {
        let largest = SeedCatalogue(count: SeedCatalogue.capacity).all
        #expect(largest.count == SeedCatalogue.capacity)
        #expect(Set(largest.map(\.sku)).count == largest.count)
        #expect(Set(largest.map(\.name)).count == largest.count)
        let usual = SeedCatalogue(count: 300).all
        #expect(usual.count == 300)
        #expect(usual.map(\.sku) == largest.prefix(300).map(\.sku))
        #expect(usual.map(\.price) == largest.prefix(300).map(\.price))
    }

    @Test("every word list makes each of its combinations once")
    func combinationsAreWhole() {
        for category in SeedCategory.all {
            #expect(category.combinations == 192)
            #expect(category.combinations % 7 != 0 && category.combinations % 11 != 0)
        }
    }

    @Test("food and books have the reduced rate, and only the sample costs nothing")
    func ratesAndPrices() {
        let catalogue = SeedCatalogue(count: 300)
        #expect(Set(catalogue.all.map(\.vatRate)) == [.standard, .reduced])
        #expect(catalogue.products.allSatisfy { $0.price.minor >= 500 && $0.stock > 0 })
        for product in catalogue.products {
            let isFood = ["CAF", "CEA", "MIE", "DUL", "CIO", "CAR"].contains(product.sku.prefix(3))
            #expect(product.vatRate == (isFood ? .reduced : .standard))
        }
    }

    @Test("customers can be written to, and more of them leave the first ones as they are")
    func customersAreStable() throws {
        let people = SeedPeople(customers: 200, seed: 1).customers
        let fewer = SeedPeople(customers: 10, seed: 1).customers
        #expect(fewer.map(\.profile) == people.prefix(10).map(\.profile))
        #expect(Set(people.compactMap(\.userID)).count == 200)
        #expect(Set(people.map(\.email)).count == 200)
        for person in people {
            #expect(EmailAddress(parsing: person.email)?.description == person.email)
            #expect(person.phone.utf8.count == 12)
        }
    }

    @Test("all towns are of an address without flaws")
    func townsAreValid() {
        for town in SeedPeople.towns {
            let address = Address(
                street: "Str. Gării nr. 1",
                city: town.name,
                county: town.county.rawValue,
                postalCode: town.postalPrefix + "100",
                country: "RO"
            )
            #expect(address.flaws.isEmpty, "\(town.name)")
        }
    }

    @Test(
        "Stripe's own address is known",
        arguments: [
            ("https://api.stripe.com", true), ("https://API.Stripe.com:443/v1", true),
            ("https://user@api.stripe.com/", true), ("https://stripe.com", true),
            ("http://127.0.0.1:8081/stripe", false),
            ("http://stripe.example/api.stripe.com", false),
            ("https://notstripe.com", false),
        ]
    )
    func knowsStripe(url: String, isStripe: Bool) {
        #expect(Seeding.isStripe(url) == isStripe)
    }
}
