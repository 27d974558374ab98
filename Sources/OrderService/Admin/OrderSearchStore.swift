import Commerce
import MariaDB
import Resilience

/// Finds orders for customer service, the newest first.
///
/// A search reads the end of one index, which has the filters' columns, and goes to the orders
/// themselves only for what it shows. Which index that is, is said here and not left to statistics.
struct OrderSearchStore: Sendable {
    let database: Database
    /// So many words like the one that is looked for are read and sorted at most.
    var fewWords = 5_000
    /// So many orders in a state are read for a name at most.
    var fewInState = 20_000

    /// An order with the customer's contact.
    struct Found: Sendable {
        let order: Order
        let name: String
        let email: String
        let phone: String
    }

    /// The order after which a page begins.
    struct Place: Sendable {
        let id: Int64
        let createdAt: Timestamp
    }

    /// The place of an order that has been shown; nil if there is no such order.
    func place(of id: Int64, until deadline: Deadline) throws -> Place? {
        try database.query(
            "SELECT created_at FROM orders WHERE id = \(id) AND visible_at IS NOT NULL",
            until: deadline
        ).first.map { Place(id: id, createdAt: try $0.timestamp("created_at")) }
    }

    /// Orders that fit the filter, newest first; those alone that come after `place`.
    func orders(
        _ filter: OrderSearchFilter,
        after place: Place?,
        limit: Int,
        until deadline: Deadline
    ) throws -> [Found] {
        let route = try route(filter, until: deadline)
        let keys = Self.keys(filter, by: route, after: place, limit: limit)
        return try database.query(
            """
            SELECT \(Order.columns), contact_name, phone FROM (\(keys)) AS found
            STRAIGHT_JOIN orders ON orders.id = found.order_key
            ORDER BY created_at DESC, id DESC
            """,
            until: deadline
        ).map(Found.init)
    }

    /// How a search goes about it.
    enum Route: Sendable, Equatable {
        /// Along an index of `orders`; all filters are columns of it, or few rows are left.
        case orders
        /// All orders with such a word, which are few, and then sorted.
        case fewWords(NarrowingWord)
        /// The orders with such a word one after the other, until the page is full.
        case manyWords(NarrowingWord)
    }

    /// What costs least: by a name the index of words, unless the words are many and the orders in the
    /// state that is asked for are few.
    ///
    /// Of n orders, a page of p is full after p·n/m of them where m fit; so a search that walks along
    /// the larger of two sets ends soon, and one that walks along the smaller is short anyhow.
    func route(_ filter: OrderSearchFilter, until deadline: Deadline) throws -> Route {
        guard let name = filter.name, filter.number == nil, filter.intentID == nil,
            filter.email == nil, filter.phone == nil
        else { return .orders }
        var rarest: (word: NarrowingWord, count: Int)?
        for word in name.narrowing {
            let number = try count(of: word, until: deadline)
            if number < rarest?.count ?? .max { rarest = (word, number) }
            if number <= fewWords { break }
        }
        guard let rarest else { return .orders }
        if rarest.count <= fewWords { return .fewWords(rarest.word) }
        if filter.hasState, try isRare(filter, until: deadline) { return .orders }
        let longest = name.narrowing.max {
            $0.text.unicodeScalars.count < $1.text.unicodeScalars.count
        }
        return .manyWords(longest ?? rarest.word)
    }

    /// How many words there are like this one; what is above `fewWords` is not counted.
    private func count(of word: NarrowingWord, until deadline: Deadline) throws -> Int {
        try database.query(
            """
            SELECT COUNT(*) AS number FROM (SELECT 1 FROM order_name_words FORCE INDEX (PRIMARY)
                WHERE word LIKE \(word.pattern) LIMIT \(fewWords + 1)) AS found
            """,
            until: deadline
        ).first?.int("number") ?? 0
    }

    private func isRare(_ filter: OrderSearchFilter, until deadline: Deadline) throws -> Bool {
        let index = Self.index(filter)
        let conditions = Self.states(filter) + Self.times(filter, nil)
        let rows = try database.query(
            """
            SELECT COUNT(*) AS number FROM (SELECT 1 FROM orders s FORCE INDEX (\(index))
                WHERE \(all: conditions) LIMIT \(fewInState + 1)) AS found
            """,
            until: deadline
        )
        return try rows.first?.int("number") ?? 0 <= fewInState
    }
}

extension OrderSearchStore.Found {
    fileprivate init(_ row: Row) throws {
        order = try Order(row)
        name = try row.string("contact_name")
        email = try row.string("email")
        phone = try row.string("phone")
    }
}
