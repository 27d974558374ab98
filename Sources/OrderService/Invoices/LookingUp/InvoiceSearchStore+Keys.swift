import Commerce
import MariaDB

/// The statements that find the ids of a page, as `invoice_key`.
///
/// `s` are the invoices as an index has them, which alone is read; `w` words or pairs of words
/// of names. `STRAIGHT_JOIN` keeps this order, so that the reading ends with the page.
extension InvoiceSearchStore {
    static func keys(
        _ filter: InvoiceSearchFilter,
        by route: Route,
        after place: Place?,
        limit: Int
    ) -> SQL {
        switch route {
        case .invoices:
            let conditions =
                equals(filter) + states(filter) + names(filter) + dates(filter, place)
            return """
                SELECT s.id AS invoice_key FROM invoices s FORCE INDEX (\(index(filter)))
                WHERE \(all: conditions.isEmpty ? ["1"] : conditions)
                ORDER BY s.dated_on DESC, s.id DESC LIMIT \(limit)
                """
        case .buyer(let route):
            return keys(filter, along: route, after: place, limit: limit)
        }
    }

    private static func keys(
        _ filter: InvoiceSearchFilter,
        along route: NameRoute,
        after place: Place?,
        limit: Int
    ) -> SQL {
        var narrowed: SQL = ""
        var conditions = [route.condition] + dates(filter, place, ofWords: true)
        if let buyer = filter.buyer { conditions += route.signature(of: buyer) }
        if filter.state != nil || !route.tells(filter.buyer) {
            narrowed = """
                STRAIGHT_JOIN invoices s FORCE INDEX (\(index(filter)))
                    ON s.dated_on = w.dated_on AND s.id = w.invoice_id
                """
            conditions += states(filter) + names(filter)
        }
        if let word = route.word {
            // An invoice whose buyer has two words like this one is found by the first of them.
            conditions.append(
                """
                NOT EXISTS (SELECT 1 FROM invoice_name_words d
                    WHERE d.invoice_id = w.invoice_id AND d.word LIKE \(word.pattern)
                        AND d.word < w.word)
                """
            )
        }
        return """
            SELECT w.invoice_id AS invoice_key FROM \(route.rows(of: .invoices))
            \(narrowed)
            WHERE \(all: conditions)
            ORDER BY w.dated_on DESC, w.invoice_id DESC LIMIT \(limit)
            """
    }

    /// The index of `invoices` that a search goes along.
    static func index(_ filter: InvoiceSearchFilter) -> SQL {
        if filter.number != nil { return "invoices_number_key" }
        if filter.orderNumber != nil { return "invoices_order_number_idx" }
        if filter.orderID != nil { return "invoices_order_id_idx" }
        if filter.cui != nil { return "invoices_buyer_cui_dated_on_idx" }
        return filter.state == nil ? "invoices_dated_on_idx" : "invoices_state_dated_on_idx"
    }

    private static func equals(_ filter: InvoiceSearchFilter) -> [SQL] {
        let number: SQL? = filter.number.map { "s.number = \($0)" }
        let orderNumber: SQL? = filter.orderNumber.map { "s.order_number = \($0.description)" }
        let orderID: SQL? = filter.orderID.map { "s.order_id = \($0)" }
        let cui: SQL? = filter.cui.map { "s.buyer_cui = \($0.description)" }
        return [number, orderNumber, orderID, cui].compactMap { $0 }
    }

    static func states(_ filter: InvoiceSearchFilter) -> [SQL] {
        filter.state.map { ["s.state = \($0.rawValue)"] } ?? []
    }

    private static func names(_ filter: InvoiceSearchFilter) -> [SQL] {
        (filter.buyer?.patterns ?? []).map { "s.buyer_words LIKE \($0)" }
    }

    /// The stretch of days, and what comes after the page before.
    static func dates(
        _ filter: InvoiceSearchFilter,
        _ place: Place?,
        ofWords: Bool = false
    ) -> [SQL] {
        let date: SQL = ofWords ? "w.dated_on" : "s.dated_on"
        let id: SQL = ofWords ? "w.invoice_id" : "s.id"
        let start: SQL? = filter.start.map { "\(date) >= CAST(\($0.description) AS DATE)" }
        let end: SQL? = filter.end.map { "\(date) <= CAST(\($0.description) AS DATE)" }
        // The first half gives the range of the index.
        let rest: SQL? = place.map { place in
            """
            \(date) <= \(place.datedOn)
                AND (\(date) < \(place.datedOn) OR \(id) < \(place.id))
            """
        }
        return [start, end, rest].compactMap { $0 }
    }
}
