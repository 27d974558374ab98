import Commerce
import Web

/// The queue of rejected documents over HTTP: somebody corrects one, and it is issued.
struct InvoiceIssueController: Sendable {
    let jobs: InvoiceJobs

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                pattern: "/v1/admin/invoices/{id}/issue",
                access: .session([.finance, .admin]),
                lane: .request,
                handler: .plain(issue)
            )
        ]
    }

    private func issue(_ context: Context) throws -> Response {
        let correction = try InvoiceCorrection(context.request.body)
        // The ids are ASCII, and so is their column.
        guard let id = context.captures.text(0), id.utf8.allSatisfy({ $0 < 128 }) else {
            throw Problem.notFound
        }
        let record = try jobs.issue(
            id,
            correction,
            ifMatch: context.request.text(.ifMatch),
            by: context.principal.actor,
            until: context.deadline
        )
        guard let record else { throw Problem.notFound }
        return Response.json(.ok, Self.answer(record).serialized())
            .with("ETag", record.entityTag)
    }

    /// The document's row; all that stands on it is at `/v1/admin/invoices/{id}`.
    private static func answer(_ record: InvoiceRecord) -> JSON {
        [
            "id": .string(record.publicID),
            "state": .string(record.state.rawValue),
            "kind": .string(record.kind.rawValue),
            "number": JSON(record.number?.description),
            "issueDate": JSON(record.issueDate?.description),
            "deadline": JSON(record.deadline?.description),
            "orderId": .integer(record.orderID),
            "orderNumber": .string(record.orderNumber),
            "total": record.gross.json,
            "version": .integer(record.version),
        ]
    }
}
