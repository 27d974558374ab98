/// Objects in the order of their creation, found by id; the oldest are forgotten above a limit.
struct Ledger<Item> {
    private var items: [Item] = []
    private var positions: [String: Int] = [:]
    private var forgotten = 0
    private let limit: Int
    private let id: @Sendable (Item) -> String

    init(limit: Int = .max, id: @escaping @Sendable (Item) -> String) {
        self.limit = limit
        self.id = id
    }

    var all: [Item] { items }

    /// The object with this id; assigning changes it where it stands.
    subscript(_ key: String) -> Item? {
        get { positions[key].map { items[$0 - forgotten] } }
        set {
            guard let newValue, let position = positions[key] else { return }
            items[position - forgotten] = newValue
        }
    }

    mutating func append(_ item: Item) {
        positions[id(item)] = forgotten + items.count
        items.append(item)
        // A tenth at once, or each append would move the whole array.
        guard items.count > limit else { return }
        let surplus = max(1, limit / 10)
        for item in items.prefix(surplus) { positions[id(item)] = nil }
        items.removeFirst(surplus)
        forgotten += surplus
    }

    /// One page, newest first, of at most `limit` objects that `isIncluded`: those older than the
    /// one with the id `after`, or those just newer than `before`.
    func page(
        after: String?,
        before: String?,
        limit: Int,
        where isIncluded: (Item) -> Bool
    ) -> (items: [Item], hasMore: Bool) {
        if let before, let position = positions[before] {
            // The objects just newer than `before`, still newest first.
            let newer = items[(position - forgotten + 1)...].lazy.filter(isIncluded)
            let found = Array(newer.prefix(limit + 1))
            return (found.prefix(limit).reversed(), found.count > limit)
        }
        let end = after.flatMap { positions[$0] }.map { $0 - forgotten } ?? items.count
        let found = Array(items[..<end].reversed().lazy.filter(isIncluded).prefix(limit + 1))
        return (Array(found.prefix(limit)), found.count > limit)
    }
}

extension Ledger: Sendable where Item: Sendable {}
