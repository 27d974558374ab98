import Commerce
import MariaDB

/// The statements that find the ids of a page, as `order_key`.
///
/// `s` are the orders as an index has them, which alone is read; `w` words or pairs of words of names; `o`
/// the rows of what fits, to see that it is shown to anybody yet. `STRAIGHT_JOIN` keeps this order, so that the
/// reading ends with the page.
extension OrderSearchStore {
    static func keys(
        _ filter: OrderSearchFilter,
        by route: Route,
        after place: Place?,
        limit: Int
    ) -> SQL {
        switch route {
        case .orders, .ordersOfPhone:
            let index: SQL =
                route == .ordersOfPhone ? "orders_phone_digits_created_at_idx" : index(filter)
            let conditions = equals(filter) + states(filter) + names(filter) + times(filter, place)
            return """
                SELECT s.id AS order_key FROM orders s FORCE INDEX (\(index))
                STRAIGHT_JOIN orders o ON o.id = s.id
                WHERE \(all: conditions + ["o.visible_at IS NOT NULL"])
                ORDER BY s.created_at DESC, s.id DESC LIMIT \(limit)
                """
        case .name(let route):
            return keys(filter, along: route, after: place, limit: limit)
        case .wordsOfContact(let word):
            let words = wordsOfContact(filter)
            return keys(filter, along: .manyWords(word), of: words, after: place, limit: limit)
        }
    }

    /// The words of the orders of an address or a phone: their index, and what they fit.
    private static func wordsOfContact(_ filter: OrderSearchFilter) -> (index: SQL, condition: SQL)
    {
        if let email = filter.email {
            let key = OrderNameWords.key(ofEmail: "\(email.description)")
            return ("order_name_words_email_key_prefix_placed_at_idx", "w.email_key = \(key)")
        }
        let key = OrderNameWords.key(ofPhone: "\(filter.phone?.text)")
        return ("order_name_words_phone_key_prefix_placed_at_idx", "w.phone_key = \(key)")
    }

    private static func keys(
        _ filter: OrderSearchFilter,
        along route: NameRoute,
        of contact: (index: SQL, condition: SQL)? = nil,
        after place: Place?,
        limit: Int
    ) -> SQL {
        var narrowed: SQL = ""
        var conditions = [contact?.condition, route.condition].compactMap { $0 }
        conditions += times(filter, place, ofWords: true)
        if let name = filter.name { conditions += route.signature(of: name) }
        let looked = equals(filter) + states(filter)
        if !looked.isEmpty || !route.tells(filter.name) {
            narrowed = """
                STRAIGHT_JOIN orders s FORCE INDEX (\(index(filter)))
                    ON s.created_at = w.placed_at AND s.id = w.order_id
                """
            conditions += looked + names(filter)
        }
        conditions.append("o.visible_at IS NOT NULL")
        if let word = route.word {
            // An order whose name has two words like this one is found by the first of them.
            conditions.append(
                """
                NOT EXISTS (SELECT 1 FROM order_name_words d
                    WHERE d.order_id = o.id AND d.word LIKE \(word.pattern) AND d.word < w.word)
                """
            )
        }
        return """
            SELECT w.order_id AS order_key FROM \(route.rows(of: .orders, by: contact?.index))
            \(narrowed) STRAIGHT_JOIN orders o ON o.id = w.order_id
            WHERE \(all: conditions)
            ORDER BY w.placed_at DESC, w.order_id DESC LIMIT \(limit)
            """
    }

    /// The index of `orders` that a search goes along.
    static func index(_ filter: OrderSearchFilter) -> SQL {
        if filter.number != nil { return "orders_number_key" }
        if filter.intentID != nil { return "PRIMARY" }
        if filter.email != nil { return "orders_email_created_at_idx" }
        if filter.phone != nil { return "orders_phone_digits_created_at_idx" }
        switch (filter.status, filter.paymentStatus) {
        case (nil, nil): return "orders_created_at_idx"
        case (_, nil): return "orders_status_created_at_idx"
        case (nil, _): return "orders_payment_status_created_at_idx"
        default: return "orders_states_created_at_idx"
        }
    }

    private static func equals(_ filter: OrderSearchFilter) -> [SQL] {
        let number: SQL? = filter.number.map { "s.number = \($0.description)" }
        let intent: SQL? = filter.intentID.map {
            "s.id = (SELECT p.order_id FROM payments p WHERE p.provider_intent_id = \($0))"
        }
        return [number, intent].compactMap { $0 } + contact(filter)
    }

    /// The e-mail address before the phone.
    static func contact(_ filter: OrderSearchFilter) -> [SQL] {
        let email: SQL? = filter.email.map { "s.email = \($0.description)" }
        let phone: SQL? = filter.phone.map { "s.phone_digits = \($0.text)" }
        return [email, phone].compactMap { $0 }
    }

    static func states(_ filter: OrderSearchFilter) -> [SQL] {
        let status: SQL? = filter.status.map { "s.status = \($0.rawValue)" }
        let payment: SQL? = filter.paymentStatus.map { "s.payment_status = \($0.rawValue)" }
        return [status, payment].compactMap { $0 }
    }

    private static func names(_ filter: OrderSearchFilter) -> [SQL] {
        (filter.name?.patterns ?? []).map { "s.name_words LIKE \($0)" }
    }

    /// The stretch of time, and what comes after the page before.
    static func times(
        _ filter: OrderSearchFilter,
        _ place: Place?,
        ofWords: Bool = false
    ) -> [SQL] {
        let time: SQL = ofWords ? "w.placed_at" : "s.created_at"
        let id: SQL = ofWords ? "w.order_id" : "s.id"
        let start: SQL? = filter.start.map { "\(time) >= \($0)" }
        let end: SQL? = filter.end.map { "\(time) < \($0)" }
        // The first half gives the range of the index.
        let rest: SQL? = place.map { place in
            """
            \(time) <= \(place.createdAt)
                AND (\(time) < \(place.createdAt) OR \(id) < \(place.id))
            """
        }
        return [start, end, rest].compactMap { $0 }
    }
}

extension OrderSearchFilter {
    var hasState: Bool { status != nil || paymentStatus != nil }
}
