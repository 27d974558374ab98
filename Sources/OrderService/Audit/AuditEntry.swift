import MariaDB
import Web

/// What the record of staff keeps of one request, or of one command.
package struct AuditEntry: Sendable {
    /// The session's user, or `cli:<account>`.
    let actor: String
    let roles: Roles
    /// Method and pattern, or the command.
    let route: String
    var orderID: Int64?
    /// The invoice that the path names, whose order it is about and has to be found.
    var invoiceID: String?
    /// Whose data is looked at or changed.
    var userID: String?
    /// What else the path names, such as a refund or a breaker; of a search, its filters' names.
    var subject: String?
    var reason: String?
    let requestID: String
    var network: ClientNetwork?
}

extension AuditEntry {
    /// Code points that are kept of a subject and of a reason.
    private static let subjectLength = 64
    private static let filtersLength = 96
    private static let reasonLength = 1_000

    /// Reads from a request who asks for what; nil for what is not a session's.
    ///
    /// Orders and users are read from the path, and from the query or the body where the endpoint says
    /// that they are there: whoever looks at one thing must not say that it was another. An invoice's
    /// order is found as the record is written. Nothing is trusted to be valid yet.
    init?(_ endpoint: Endpoint, _ context: Context) {
        guard let session = context.principal.session else { return nil }
        self.init(
            endpoint,
            context.request,
            context.captures,
            requestID: context.requestID,
            by: session
        )
    }

    /// The same of a request that has not got a context yet.
    init(
        _ endpoint: Endpoint,
        _ request: Request,
        _ captures: Captures,
        requestID: String,
        by session: Session
    ) {
        actor = session.userID
        roles = session.roles
        route = endpoint.name
        self.requestID = requestID
        network = ClientNetwork(address: request.remoteAddress)
        let query = request.query
        if endpoint.recordedSubjects.contains(.orderOfQuery) {
            orderID = query["orderId"].flatMap { Int64($0) }
        }
        readBody(request.body, namesUser: endpoint.recordedSubjects.contains(.userOfBody))
        readPath(endpoint.pattern, captures)
        let fields = endpoint.recordedFields.filter { query[$0] != nil }.joined(separator: " ")
        if !fields.isEmpty { subject = fields.cut(toVarChar: Self.filtersLength) }
    }

    private mutating func readBody(_ bytes: [UInt8], namesUser: Bool) {
        guard !bytes.isEmpty, let body = try? JSON(parsing: bytes) else { return }
        if namesUser { userID = body["userId"]?.string.flatMap { isUserID($0) ? $0 : nil } }
        reason = (body["reason"]?.string ?? body["evidence"]?.string)
            .map { $0.cut(toVarChar: Self.reasonLength) }
    }

    private mutating func readPath(_ pattern: String, _ captures: Captures) {
        var number = 0
        var collection: Substring = ""
        for segment in pattern.split(separator: "/") {
            guard segment.hasPrefix("{") else {
                collection = segment
                continue
            }
            defer { number += 1 }
            switch collection {
            case "orders": orderID = captures.number(number)
            case "users": userID = captures.text(number).flatMap { isUserID($0) ? $0 : nil }
            case "invoices":
                // The record is for ever, and what else was typed may be a person's name.
                subject = captures.text(number).flatMap { isInvoiceID($0) ? $0 : nil }
                if orderID == nil { invoiceID = subject }
            default: subject = captures.text(number).map { $0.cut(toVarChar: Self.subjectLength) }
            }
        }
    }
}

extension AuditEntry {
    /// The entry about an order that has been found, and about whose it is.
    func about(_ order: OwnedOrder) -> AuditEntry {
        var entry = self
        entry.orderID = order.id
        entry.userID = order.userID
        entry.invoiceID = nil
        return entry
    }
}

extension Access {
    /// Whether nobody but staff and services may use the route, so that each use is recorded.
    var isForStaff: Bool {
        guard case .session(let roles) = self else { return false }
        return !roles.isEmpty && !roles.contains(.customer)
    }
}

extension Principal {
    /// Whether it sees the order as staff or service, not as its owner or guest.
    func isOutsider(to order: OwnedOrder) -> Bool {
        guard case .session(let session) = self else { return false }
        return !order.isOwn(of: session)
    }
}
