import MariaDB
import Web

/// Finds orders for customer service.
struct OrderSearchController: Sendable {
    let store: OrderSearchStore
    let recentChanges: RecentChanges

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .get,
                pattern: "/v1/admin/orders",
                access: .session([.support, .finance, .admin]),
                lane: .read,
                handler: .plain(list),
                recordedFields: OrderSearchFilter.fields
            )
        ]
    }

    private func list(_ context: Context) throws -> Response {
        let query = context.request.query
        let page = try ListPlace(query)
        let filter = try OrderSearchFilter(query)
        let found = try store.orders(
            filter,
            after: place(page, context),
            limit: page.size + 1,
            until: context.deadline
        )
        let versions = found.map { OrderVersion($0.order) }
        recentChanges.drop(before: versions, until: context.deadline)
        return page.answer(found, id: \.order.id, Self.representation)
    }

    /// Where the page begins; orders that have been shown never go.
    private func place(_ page: ListPlace, _ context: Context) throws -> OrderSearchStore.Place? {
        guard page.last > 0 else { return nil }
        guard let place = try store.place(of: page.last, until: context.deadline) else {
            throw ListPlace.foreignCursor
        }
        return place
    }

    /// The summary with the contact; what has been removed of it is null.
    private static func representation(_ found: OrderSearchStore.Found) -> JSON {
        let isErased = found.email == OrderReduction.erasedEmail
        let contact: JSON = [
            "name": found.name.isEmpty ? .null : .string(found.name),
            "email": isErased ? .null : .string(found.email),
            "phone": found.phone.isEmpty ? .null : .string(found.phone),
        ]
        let summary = OrderRepresentation.summary(found.order).members ?? []
        return .object(summary + [(name: "contact", value: contact)])
    }
}
