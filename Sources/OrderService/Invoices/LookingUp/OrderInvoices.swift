import MariaDB
import Web

/// An order's invoices and credit notes for its owner, its guest and the staff.
struct OrderInvoices: Sendable {
    let reader: InvoiceReader

    private static let staff: Roles = [.support, .finance, .admin, .service]

    var endpoints: [Endpoint] {
        let files = InvoiceFiles(reader: reader)
        let access = Access.order(guest: .invoice, staff: Self.staff)
        let pattern = "/v1/orders/{id}/invoices"
        return [
            endpoint(pattern, access, list),
            endpoint("/v1/guest/order/invoices", .guest(.invoice), list),
            endpoint("\(pattern)/{invoiceId}/ubl", access) { context, order in
                try files.ubl(context.captures.text(1), of: order.id, context)
            },
            endpoint("\(pattern)/{invoiceId}/print", access) { context, order in
                try files.print(context.captures.text(1), of: order.id, context)
            },
        ]
    }

    private func endpoint(
        _ pattern: String,
        _ access: Access,
        _ handler: @escaping @Sendable (Context, Order) throws -> Response
    ) -> Endpoint {
        Endpoint(
            method: .get,
            pattern: pattern,
            access: access,
            lane: .read,
            handler: .order(handler)
        )
    }

    private func list(_ context: Context, _ order: Order) throws -> Response {
        let isStaff = !context.principal.roles.isDisjoint(with: Self.staff)
        let invoices = try reader.summaries(
            ofOrder: order.id,
            issuedOnly: !isStaff,
            until: context.deadline
        )
        let body = InvoiceRepresentation.ofOrder(order.id, invoices, isStaff: isStaff).serialized()
        let tag = EntityTag.text(page: EntityTag.digest(of: body))
        guard !EntityTag.isKnown(tag, in: context.request) else {
            return Response.notModified(tag: tag)
        }
        return Response.json(.ok, body, caching: .revalidate).with("ETag", tag)
    }
}
