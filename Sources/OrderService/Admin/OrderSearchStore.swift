import Commerce
import MariaDB
import Resilience

/// Finds orders for customer service, the newest first.
///
/// A search reads the end of one index, which has the filters' columns, and goes to the orders
/// themselves only for what it shows. Which index that is, is said here and not left to statistics.
struct OrderSearchStore: Sendable {
    let database: Database
    /// So many orders of an address or a phone are read at most before another way is looked for.
    var fewOrders = 2_000
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
        /// By the name.
        case name(NameRoute)
        /// The orders of an address or a phone, which has many, with such a word one after the other.
        case wordsOfContact(NarrowingWord)
    }

    /// What costs least: for a name see `NameSearchCosts`.
    func route(_ filter: OrderSearchFilter, until deadline: Deadline) throws -> Route {
        guard filter.number == nil, filter.intentID == nil else { return .orders }
        if filter.email != nil || filter.phone != nil {
            return try routeOfContact(filter, until: deadline)
        }
        guard let name = filter.name else { return .orders }
        let times = Self.times(filter, nil)
        let population = NameSurvey.Population(
            all: Self.entries(of: "orders_created_at_idx", []),
            inTime: Self.entries(of: "orders_created_at_idx", times),
            inState: Self.entries(of: Self.index(filter), Self.states(filter) + times),
            hasState: filter.hasState
        )
        let costs = try names.costs(of: name, among: population, until: deadline)
        return costs.route.map(Route.name) ?? .orders
    }

    private var names: NameSurvey { NameSurvey(database: database, tables: .orders) }

    /// All orders are read of who has few; of who has many, those of the phone if they are far fewer, or
    /// those with the name.
    private func routeOfContact(
        _ filter: OrderSearchFilter,
        until deadline: Deadline
    ) throws -> Route {
        let hasBoth = filter.email != nil && filter.phone != nil
        guard hasBoth || filter.name != nil else { return .orders }
        let contact = Self.contact(filter)
        let number = try database.estimate(
            Self.entries(of: Self.index(filter), Array(contact.prefix(1))),
            until: deadline
        )
        guard number > fewOrders else { return .orders }
        if hasBoth {
            // The phone's index lacks the address, which is read of each order.
            let ofPhone = try database.estimate(
                Self.entries(of: "orders_phone_digits_created_at_idx", Array(contact.suffix(1))),
                until: deadline
            )
            return ofPhone * costOfRow < number ? .ordersOfPhone : .orders
        }
        guard let name = filter.name, let rarest = try names.rarest(of: name, until: deadline)
        else { return .orders }
        return .wordsOfContact(rarest)
    }

    /// Reads the entries of an index of `orders` that fit.
    private static func entries(of index: SQL, _ conditions: [SQL]) -> SQL {
        let all: [SQL] = conditions.isEmpty ? ["1"] : conditions
        return "SELECT 1 FROM orders s FORCE INDEX (\(index)) WHERE \(all: all)"
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
