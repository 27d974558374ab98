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
        let page = try ListPlace(query)
        let filter = try InvoiceSearchFilter(query)
        let found = try store.invoices(
            filter,
            after: place(page, context),
            limit: page.size + 1,
            until: context.deadline
        )
        return page.answer(found, id: \.id) { .object(InvoiceRepresentation.members($0)) }
    }

    /// Where the page begins; invoices that have been shown never go.
    private func place(_ page: ListPlace, _ context: Context) throws -> InvoiceSearchStore.Place? {
        guard page.last > 0 else { return nil }
        guard let place = try store.place(of: page.last, until: context.deadline) else {
            throw ListPlace.foreignCursor
        }
        return place
    }
}
