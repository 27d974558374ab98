import Observability
import Resilience
import Web

/// One route of the API: where it is, who may use it, on what lanes it runs, what answers.
struct Endpoint: Sendable {
    /// The lanes that a route's blocking work runs on.
    enum Lane: Sendable {
        /// Reads of MariaDB.
        case read
        /// Writes, and everything that may call another service.
        case request
        /// Stripe's webhooks, kept apart so that nothing else delays them.
        case webhook
    }

    enum Handler: Sendable {
        /// Answers with what the context has.
        case plain(@Sendable (Context) throws -> Response)
        /// The same, unless the first has a question to Redis of which the worker can answer.
        case quick(
            @Sendable (Request, Captures) -> QuickQuestion?,
            orElse: @Sendable (Context) throws -> Response
        )
        /// Answers for one order, which was found and may be seen by the principal.
        case order(@Sendable (Context, Order) throws -> Response)
        /// Answers at once on the worker, whatever the lanes are doing.
        case immediate(@Sendable () -> Response)
        /// A look-up of one order that is answered from a cache where possible.
        case cachedLookUp(OrderLookUp)
    }

    /// Whether what staff ask for is put on record.
    enum Record: Sendable {
        /// What cannot be does not happen.
        case required
        /// As far as it can be.
        case wanted
        /// It acts on nothing and tells of nobody.
        case none
    }

    /// Where a request names whom it is about, if not in its path.
    enum RecordedSubject: Sendable {
        /// `orderId` of the query.
        case orderOfQuery
        /// `userId` of the body.
        case userOfBody
    }

    static let json = ["application/json"]

    let method: Method
    let pattern: String
    let access: Access
    let lane: Lane
    /// Before whom its work comes on the request lanes.
    var precedence = Turns.Precedence.ordinary
    let handler: Handler
    /// Media types that a body may have; empty where a body is not looked at.
    var accepts = Endpoint.json
    var record = Record.required
    /// What of a request, beside its path, names whom the record is about.
    var recordedSubjects: [RecordedSubject] = []
    /// Fields of the query of which the record says whether they were given, and not what they are.
    var recordedFields: [String] = []

    var name: String { "\(method.rawValue) \(pattern)" }

    /// Whether it only looks something up, so that most of its requests need no log line.
    var isLookUp: Bool { method == .get }
}

/// Who may use a route.
enum Access: Sendable {
    /// A customer, or somebody without credentials.
    case customerOrNobody
    /// Everybody; credentials are not even looked at.
    case open
    /// A session with one of these roles; any session if empty.
    case session(Roles)
    /// The owner of the order in the path, a guest of it whose token has the scope, or staff.
    case order(guest: GuestScope?, staff: Roles)
    /// The guest of an order, whose token has the scope; any guest if nil.
    case guest(GuestScope?)
    /// The customer of a checkout session, or the bearer of its token.
    case checkout

    /// Checks what can be checked without the thing itself.
    ///
    /// - Throws: a `Problem` with 401 or 403.
    func check(_ principal: Principal) throws(Problem) {
        switch self {
        case .open: return
        case .customerOrNobody:
            switch principal {
            case .nobody: return
            case .session(let session) where session.roles.contains(.customer): return
            case .session, .guest, .checkout: throw .forbiddenRole
            }
        case .session(let roles):
            guard let session = principal.session else { throw .unauthenticated }
            guard roles.isEmpty || !session.roles.isDisjoint(with: roles) else {
                throw .forbiddenRole
            }
        case .order:
            switch principal {
            case .session, .guest: return
            case .nobody, .checkout: throw .unauthenticated
            }
        case .guest:
            guard case .guest = principal else { throw .unauthenticated }
        case .checkout:
            switch principal {
            case .session, .checkout: return
            case .nobody, .guest: throw .unauthenticated
            }
        }
    }

    /// Whether the principal may see this order; who may not is told that there is none.
    func admits(_ principal: Principal, to order: OwnedOrder) -> Bool {
        switch (self, principal) {
        case (.order(_, let staff), .session(let session)):
            return order.isOwn(of: session) || !session.roles.isDisjoint(with: staff)
        case (.order(let scope?, _), .guest(let access)), (.guest(let scope?), .guest(let access)):
            return access.orderID == order.id && access.scopes.contains(GuestScopes(scope))
        default:
            return false
        }
    }
}

/// An order and the customer whose it is: all that access to it depends on.
struct OwnedOrder: Sendable {
    let id: Int64
    /// Nil of a guest's order.
    let userID: String?

    /// Whether the session is that of the order's customer.
    func isOwn(of session: Session) -> Bool {
        session.roles.contains(.customer) && userID == session.userID
    }
}

extension Order {
    var owned: OwnedOrder { OwnedOrder(id: id, userID: userID) }
}

extension OrderSummary {
    var owned: OwnedOrder { OwnedOrder(id: id, userID: userID) }
}
