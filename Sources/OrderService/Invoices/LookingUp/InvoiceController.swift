import MariaDB
import Resilience
import Web

/// One invoice or credit note for the staff: all that is known of it, its UBL, its page to print.
struct InvoiceController: Sendable {
    let reader: InvoiceReader
    let cache: LookUpCache
    let quick: QuickReader

    private static let staff: Roles = [.support, .finance, .admin]

    var endpoints: [Endpoint] {
        let files = InvoiceFiles(reader: reader)
        return [
            endpoint("", .quick(quickLook, orElse: lookUp)),
            endpoint("/ubl", .plain { try files.ubl($0.captures.text(0), $0) }),
            endpoint("/print", .plain { try files.print($0.captures.text(0), $0) }),
        ]
    }

    private func endpoint(_ part: String, _ handler: Endpoint.Handler) -> Endpoint {
        Endpoint(
            method: .get,
            pattern: "/v1/admin/invoices/{id}\(part)",
            access: .session(Self.staff),
            lane: .read,
            handler: handler
        )
    }

    /// Answers from the cache alone, once the look is on record, unless anything is missing, odd or not
    /// allowed.
    private func quickLook(_ request: Request, _ captures: Captures) -> QuickQuestion? {
        guard let id = captures.text(0), isInvoiceID(id) else { return nil }
        return quick.question(CacheName.invoiceData.key(id), for: request) { found in
            look(found, at: id, request)
        }
    }

    private func look(
        _ found: QuickReader.Found,
        at id: String,
        _ request: Request
    ) -> QuickLook {
        guard let session = found.principal.session, !session.roles.isDisjoint(with: Self.staff),
            let entry = found.entry(0)?.ifPresent,
            let order = InvoiceRepresentation.order(of: entry)
        else { return .nothing }
        let seen = EntityTag.version(in: request, invoice: id)
        guard entry.version >= seen ?? 0 else { return .nothing }
        quick.noteHit(found, .invoiceData, entry)
        return .onRecord(answer(entry, id, request), askedBy: session, about: order)
    }

    /// Answers the ready bytes of the cache, or fills it.
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
        return answer(entry, id, context.request)
    }

    private func answer(
        _ entry: CacheEntry,
        _ id: String,
        _ request: Request
    ) -> Response {
        let tag = EntityTag.text(invoice: id, version: entry.version)
        guard !EntityTag.isKnown(tag, in: request) else { return Response.notModified(tag: tag) }
        return Response.json(.ok, Array(entry.body), caching: .revalidate).with("ETag", tag)
    }

    private func load(_ id: String, until deadline: Deadline) throws -> CacheEntry? {
        // The row first: what has become of a submission since then has dropped the lease.
        guard let content = try reader.content(id, until: deadline) else { return nil }
        let submissions = try reader.submissions(of: content.summary.id, until: deadline)
        return InvoiceRepresentation.entry(content, submissions)
    }
}
