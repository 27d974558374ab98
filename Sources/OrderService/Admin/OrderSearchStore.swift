import Commerce
import MariaDB
import Resilience

/// Finds orders for customer service, the newest first.
///
/// A search reads the end of one index, which has the filters' columns, and goes to the orders
/// themselves only for what it shows. Which index that is, is said here and not left to statistics.
struct OrderSearchStore: Sendable {
    let database: Database
    /// So many words like the one that is looked for are read and sorted at most where no state is, and so
    /// many orders of an address or a phone are read before another way is looked for.
    var fewWords = 2_000
    /// How many entries of an index are read in the time in which a row is.
    var costOfRow = 15

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
    ///
    /// Every route finds the same; without one it is `route(_:until:)`.
    func orders(
        _ filter: OrderSearchFilter,
        by route: Route? = nil,
        after place: Place?,
        limit: Int,
        until deadline: Deadline
    ) throws -> [Found] {
        let route = try route ?? self.route(filter, until: deadline)
        let keys = Self.keys(filter, by: route, after: place, limit: limit)
        let search: SQL = """
            SELECT \(Order.columns), contact_name, phone FROM (\(keys)) AS found
            STRAIGHT_JOIN orders ON orders.id = found.order_key
            ORDER BY created_at DESC, id DESC
            """
        return try database.query(search.preparedAnew, class: .search, until: deadline)
            .map(Found.init)
    }

    /// How a search goes about it.
    enum Route: Sendable, Equatable {
        /// Along an index of `orders`; all filters are columns of it, or few rows are left.
        case orders
        /// As those, along the phone's index: the e-mail address has many.
        case ordersOfPhone
        /// All orders with such a word, which are few, and then sorted.
        case fewWords(NarrowingWord)
        /// The orders with such a word one after the other, until the page is full.
        case manyWords(NarrowingWord)
        /// As those, of an e-mail address that has many orders.
        case wordsOfAddress(NarrowingWord)
        /// As those, of a phone that has many orders.
        case wordsOfPhone(NarrowingWord)
    }

    /// What costs least: for a name along its words, with a state see `NameAndStateCosts`.
    func route(_ filter: OrderSearchFilter, until deadline: Deadline) throws -> Route {
        guard filter.number == nil, filter.intentID == nil else { return .orders }
        if filter.email != nil || filter.phone != nil {
            return try routeOfContact(filter, until: deadline)
        }
        guard let name = filter.name, let rarest = try rarest(of: name, until: deadline) else {
            return .orders
        }
        if filter.hasState {
            let costs = NameAndStateCosts(
                all: try estimate([], filter, deadline),
                inState: try estimate(
                    Self.states(filter) + Self.times(filter, nil),
                    filter,
                    deadline
                ),
                withWord: rarest.number,
                withPrefix: try database.estimate(
                    """
                    SELECT 1 FROM order_name_words w
                        FORCE INDEX (order_name_words_prefix_placed_at_idx)
                    WHERE \(rarest.word.prefixCondition)
                    """,
                    until: deadline
                ),
                hasOneWord: name.words.count == 1
            )
            switch costs.way {
            case .state: return .orders
            case .fewWords: return .fewWords(rarest.word)
            case .manyWords: return .manyWords(rarest.word)
            }
        }
        return rarest.number > fewWords ? .manyWords(rarest.word) : .fewWords(rarest.word)
    }

    /// All orders are read of who has few; of who has many, those of the phone if they are far fewer, or
    /// those with the name.
    private func routeOfContact(
        _ filter: OrderSearchFilter,
        until deadline: Deadline
    ) throws -> Route {
        let hasBoth = filter.email != nil && filter.phone != nil
        guard hasBoth || filter.name != nil else { return .orders }
        let number = try estimate(Array(Self.contact(filter).prefix(1)), filter, deadline)
        guard number > fewWords else { return .orders }
        if hasBoth {
            // The phone's index lacks the address, which is read of each order.
            let ofPhone = try database.estimate(
                """
                SELECT 1 FROM orders s FORCE INDEX (orders_phone_digits_created_at_idx)
                WHERE \(all: Array(Self.contact(filter).suffix(1)))
                """,
                until: deadline
            )
            return ofPhone * costOfRow < number ? .ordersOfPhone : .orders
        }
        guard let name = filter.name, let rarest = try rarest(of: name, until: deadline) else {
            return .orders
        }
        return filter.email != nil ? .wordsOfAddress(rarest.word) : .wordsOfPhone(rarest.word)
    }

    /// About how many orders fit conditions that begin the filter's index.
    private func estimate(
        _ conditions: [SQL],
        _ filter: OrderSearchFilter,
        _ deadline: Deadline
    ) throws -> Int {
        try database.estimate(
            """
            SELECT 1 FROM orders s FORCE INDEX (\(Self.index(filter)))
            WHERE \(all: conditions.isEmpty ? ["1"] : conditions)
            """,
            until: deadline
        )
    }

    private func rarest(
        of name: NameWords,
        until deadline: Deadline
    ) throws -> (word: NarrowingWord, number: Int)? {
        try name.rarest { word in
            try database.estimate(
                """
                SELECT 1 FROM order_name_words FORCE INDEX (PRIMARY)
                WHERE word LIKE \(word.pattern)
                """,
                until: deadline
            )
        }
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
