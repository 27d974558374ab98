import Commerce
import MariaDB
import Resilience

/// Finds invoices for the staff, the latest first.
///
/// A search reads the end of one index, which has the filters' columns, and goes to the invoices
/// themselves only for what it shows. Which index that is, is said here and not left to statistics.
struct InvoiceSearchStore: Sendable {
    let database: Database
    /// So many words like the one that is looked for are read and sorted at most.
    var fewWords = 2_000

    /// The invoice after which a page begins.
    struct Place: Sendable {
        let id: Int64
        /// The beginning of the day of its date.
        let datedOn: Timestamp
    }

    /// The place of an invoice that has been shown; nil if there is no such invoice.
    func place(of id: Int64, until deadline: Deadline) throws -> Place? {
        try database.query("SELECT dated_on FROM invoices WHERE id = \(id)", until: deadline)
            .first.map { Place(id: id, datedOn: try $0.timestamp("dated_on")) }
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
        /// All invoices with such a word, which are few, and then sorted.
        case fewWords(NarrowingWord)
        /// The invoices with such a word one after the other, until the page is full.
        case manyWords(NarrowingWord)
    }

    /// What costs least, as with orders.
    ///
    /// Words such as `SRL` are in every third name, so that it matters.
    func route(_ filter: InvoiceSearchFilter, until deadline: Deadline) throws -> Route {
        guard let buyer = filter.buyer, filter.number == nil, filter.orderNumber == nil,
            filter.orderID == nil, filter.cui == nil
        else { return .invoices }
        let rarest = try buyer.rarest { word in
            try database.estimate(
                """
                SELECT 1 FROM invoice_name_words FORCE INDEX (PRIMARY)
                WHERE word LIKE \(word.pattern)
                """,
                until: deadline
            )
        }
        guard let rarest else { return .invoices }
        if filter.state != nil {
            let costs = NameAndStateCosts(
                all: try estimate([], filter, deadline),
                inState: try estimate(
                    Self.states(filter) + Self.dates(filter, nil),
                    filter,
                    deadline
                ),
                withWord: rarest.number,
                withPrefix: try database.estimate(
                    """
                    SELECT 1 FROM invoice_name_words w
                        FORCE INDEX (invoice_name_words_prefix_dated_on_idx)
                    WHERE \(rarest.word.prefixCondition)
                    """,
                    until: deadline
                ),
                hasOneWord: buyer.words.count == 1
            )
            switch costs.way {
            case .state: return .invoices
            case .fewWords: return .fewWords(rarest.word)
            case .manyWords: return .manyWords(rarest.word)
            }
        }
        return rarest.number > fewWords ? .manyWords(rarest.word) : .fewWords(rarest.word)
    }

    /// About how many invoices fit conditions that begin the filter's index.
    private func estimate(
        _ conditions: [SQL],
        _ filter: InvoiceSearchFilter,
        _ deadline: Deadline
    ) throws -> Int {
        try database.estimate(
            """
            SELECT 1 FROM invoices s FORCE INDEX (\(Self.index(filter)))
            WHERE \(all: conditions.isEmpty ? ["1"] : conditions)
            """,
            until: deadline
        )
    }
}
