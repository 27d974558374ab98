import MariaDB
import Web

/// Finds invoices and credit notes for the staff.
struct InvoiceSearchController: Sendable {
    let store: InvoiceSearchStore

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .get,
                pattern: "/v1/admin/invoices",
                access: .session([.support, .finance, .admin]),
                lane: .read,
                handler: .plain(list),
                recordedFields: InvoiceSearchFilter.fields
            )
        ]
    }

    private func list(_ context: Context) throws -> Response {
        let query = context.request.query
        let size = try PageRequest(query).size
        let place = try query["cursor"].map { text throws(Problem) in
            guard let place = InvoiceSearchStore.Place(cursor: text) else {
                throw ListPlace.foreignCursor
            }
            return place
        }
        let found = try store.invoices(
            InvoiceSearchFilter(query),
            after: place,
            limit: size + 1,
            until: context.deadline
        )
        return ListPlace.answer(found, size, cursor: \.place.cursor) {
            .object(InvoiceRepresentation.members($0))
        }
    }
}
