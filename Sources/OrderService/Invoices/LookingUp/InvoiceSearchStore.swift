import Commerce
import MariaDB
import Resilience

/// Finds invoices for the staff, the latest first.
///
/// A search reads the end of one index, which has the filters' columns, and goes to the invoices
/// themselves only for what it shows. Which index that is, is said here and not left to statistics.
struct InvoiceSearchStore: Sendable {
    let database: Database

    /// The place of an invoice in the list when it was shown; it may have moved since, or gone.
    struct Place: Sendable {
        let id: Int64
        /// The beginning of the day of its date.
        let datedOn: Timestamp
    }

    /// Invoices that fit the filter, latest first; those alone that come after `place`.
    ///
    /// Every route finds the same; without one it is `route(_:until:)`.
    func invoices(
        _ filter: InvoiceSearchFilter,
        by route: Route? = nil,
        after place: Place?,
        limit: Int,
        until deadline: Deadline
    ) throws -> [InvoiceSummary] {
        let route = try route ?? self.route(filter, until: deadline)
        let keys = Self.keys(filter, by: route, after: place, limit: limit)
        let search: SQL = """
            SELECT \(InvoiceSummary.columns) FROM (\(keys)) AS found
            STRAIGHT_JOIN invoices i ON i.id = found.invoice_key
            LEFT JOIN invoices c ON c.id = i.credited_id
            ORDER BY i.dated_on DESC, i.id DESC
            """
        return try database.query(search.preparedAnew, class: .search, until: deadline)
            .map(InvoiceSummary.init)
    }

    /// How a search goes about it.
    enum Route: Sendable, Equatable {
        /// Along an index of `invoices`; all filters are columns of it, or few rows are left.
        case invoices
        /// By the buyer's name.
        case buyer(NameRoute)
    }

    /// What costs least: for a buyer's name see `NameSearchCosts`.
    ///
    /// Words such as `SRL` are in every third name, so that it matters.
    func route(_ filter: InvoiceSearchFilter, until deadline: Deadline) throws -> Route {
        guard let buyer = filter.buyer, filter.number == nil, filter.orderNumber == nil,
            filter.orderID == nil, filter.cui == nil
        else { return .invoices }
        let dates = Self.dates(filter, nil)
        let population = NameSurvey.Population(
            all: Self.entries(of: "invoices_dated_on_idx", []),
            inTime: Self.entries(of: "invoices_dated_on_idx", dates),
            inState: Self.entries(of: Self.index(filter), Self.states(filter) + dates),
            hasState: filter.state != nil
        )
        let names = NameSurvey(database: database, tables: .invoices)
        let costs = try names.costs(of: buyer, among: population, until: deadline)
        return costs.route.map(Route.buyer) ?? .invoices
    }

    /// Reads the entries of an index of `invoices` that fit.
    private static func entries(of index: SQL, _ conditions: [SQL]) -> SQL {
        let all: [SQL] = conditions.isEmpty ? ["1"] : conditions
        return "SELECT 1 FROM invoices s FORCE INDEX (\(index)) WHERE \(all: all)"
    }
}

extension InvoiceSearchStore.Place {
    private static let day: Int64 = 86_400

    /// Reads what `cursor` has told; nil of anything else.
    init?(cursor: String) {
        let parts = cursor.split(separator: "-", omittingEmptySubsequences: false)
            .map { Int64($0) }
        guard parts.count == 2, let days = parts[0], let id = parts[1], id > 0,
            // As long as years have four digits.
            (0..<2_932_897).contains(days)
        else { return nil }
        self.id = id
        datedOn = Timestamp(microseconds: days * Self.day * 1_000_000)
    }

    /// The day, counted from that of 1970, and the invoice's id.
    var cursor: String { "\(datedOn.seconds / Self.day)-\(id)" }
}
