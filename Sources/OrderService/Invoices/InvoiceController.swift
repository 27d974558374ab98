import MariaDB
import Resilience
import Web

/// One invoice or credit note for the staff: all that is known of it, its UBL, its page to print.
struct InvoiceController: Sendable {
    let reader: InvoiceReader
    let cache: LookUpCache

    private static let staff: Roles = [.support, .finance, .admin]

    var endpoints: [Endpoint] {
        let files = InvoiceFiles(reader: reader)
        return [
            endpoint("", lookUp),
            endpoint("/ubl") { try files.ubl($0.captures.text(0), $0) },
            endpoint("/print") { try files.print($0.captures.text(0), $0) },
        ]
    }

    private func endpoint(
        _ part: String,
        _ handler: @escaping @Sendable (Context) throws -> Response
    ) -> Endpoint {
        Endpoint(
            method: .get,
            pattern: "/v1/admin/invoices/{id}\(part)",
            access: .session(Self.staff),
            lane: .read,
            handler: .plain(handler)
        )
    }

    /// Answers the ready bytes of the cache, or fills it.
    ///
    /// There is no quick look: each look of the staff goes on record first.
    private func lookUp(_ context: Context) throws -> Response {
        guard let id = context.captures.text(0), isInvoiceID(id) else { throw Problem.notFound }
        let seen = EntityTag.version(in: context.request, invoice: id)
        let entry = try cache.entry(
            .invoiceData,
            key: CacheName.invoiceData.key(id),
            if: { $0.version >= seen ?? 0 },
            until: context.deadline,
            load: { try load(id, until: context.deadline) }
        )
        guard let entry else { throw Problem.notFound }
        let tag = EntityTag.text(invoice: id, version: entry.version)
        guard seen != entry.version, !EntityTag.isAny(in: context.request) else {
            return Response.notModified(tag: tag)
        }
        return Response.json(.ok, Array(entry.body), caching: .revalidate).with("ETag", tag)
    }

    private func load(_ id: String, until deadline: Deadline) throws -> CacheEntry? {
        // The row first: what has become of a submission since then has dropped the lease.
        guard let content = try reader.content(id, until: deadline) else { return nil }
        let submissions = try reader.submissions(of: content.summary.id, until: deadline)
        return InvoiceRepresentation.entry(content, submissions)
    }
}
