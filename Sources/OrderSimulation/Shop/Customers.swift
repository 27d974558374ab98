import Web

/// What user-service knows: people and their carts.
///
/// Every positive id has both until it is deleted.
struct Customers {
    struct Cart {
        var version: Int64
        var items: [Reservation.Item]
    }

    private var carts: [String: Cart]
    private var profiles: [String: JSON] = [:]
    private var deleted: Set<String> = []

    /// Customer 1 has a filled cart, everybody else an empty one.
    init() {
        carts = [
            "1": Cart(
                version: 1,
                items: [
                    Reservation.Item(sku: "CAFEA-250", quantity: 2),
                    Reservation.Item(sku: "CANA-ALBA", quantity: 1),
                ]
            )
        ]
    }

    func exists(_ id: String) -> Bool {
        guard let number = Int64(id), number > 0 else { return false }
        return !deleted.contains(id)
    }

    func profile(_ id: String) -> JSON? {
        guard exists(id) else { return nil }
        let base: JSON = [
            "id": .integer(Int64(id) ?? 0),
            "email": .string("client\(id)@example.ro"),
            "name": .string("Ștefan Țepeș \(id)"),
            "phone": .string("+40722\(String(1_000_000 + (Int64(id) ?? 0) % 999_999).suffix(6))"),
            "locale": "ro-RO",
        ]
        guard let changes = profiles[id]?.members else { return base }
        return changes.reduce(base) { $0.replacing($1.name, with: $1.value) }
    }

    /// Sets members of a profile; a deleted user is there again.
    mutating func setProfile(_ id: String, _ changes: JSON) {
        deleted.remove(id)
        let old = profiles[id] ?? .object([])
        profiles[id] = (changes.members ?? []).reduce(old) {
            $0.replacing($1.name, with: $1.value)
        }
    }

    mutating func delete(_ id: String) {
        deleted.insert(id)
        profiles[id] = nil
        carts[id] = nil
    }

    func cart(_ id: String) -> JSON? {
        guard exists(id) else { return nil }
        let cart = carts[id] ?? Cart(version: 1, items: [])
        return [
            "id": .string("cart-\(id)"),
            "userId": .integer(Int64(id) ?? 0),
            "version": JSON(cart.version),
            "items": .array(cart.items.map(\.json)),
        ]
    }

    /// Replaces a cart's items and counts its version up.
    mutating func setCart(_ id: String, _ items: [Reservation.Item]) {
        let version = carts[id]?.version ?? 1
        carts[id] = Cart(version: version + 1, items: items)
    }
}
