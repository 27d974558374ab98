import Commerce
import MariaDB
import Signing
import Web

/// Many orders that somebody of the shop cancels together.
struct BulkCancel: Sendable {
    let id: Int64
    /// Random, so that nobody comes upon another's by counting.
    let publicID: String
    /// Whose session asked for it.
    let createdBy: String
    let reason: String
    let createdAt: Timestamp

    static func makePublicID() -> String {
        "bulk_" + Base64URL.encode(SecureRandom.bytes(16))
    }

    /// Whether a text may be such an id: the column is ASCII and compares with nothing else.
    static func mayBePublicID(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

/// One order of a bulk cancel, and what it is like now.
struct BulkCancelItem: Sendable {
    let orderID: Int64
    var outcome = BulkCancelOutcome.pending
    /// Why, in words that may be shown.
    var detail: String?
    var decidedAt: Timestamp?
    /// Nil where there is no such order.
    let orderStatus: OrderStatus?
    let paymentStatus: PaymentStatus?
}

/// How many orders of a bulk cancel have which outcome, and what that makes of the whole.
struct BulkCancelTally: Sendable, Equatable {
    private(set) var counts: [BulkCancelOutcome: Int] = [:]
    private var lastDecidedAt: Timestamp?

    init() {}

    init(_ items: [BulkCancelItem]) {
        for item in items { add(1, item.outcome, lastDecidedAt: item.decidedAt) }
    }

    /// Counts orders with the same outcome, the last of which was decided then.
    mutating func add(_ count: Int, _ outcome: BulkCancelOutcome, lastDecidedAt time: Timestamp?) {
        counts[outcome, default: 0] += count
        lastDecidedAt = [lastDecidedAt, time].compactMap { $0 }.max()
    }

    var total: Int { counts.values.reduce(0, +) }

    private var pending: Int { counts[.pending] ?? 0 }

    var state: BulkCancelState {
        if pending == 0 { return .finished }
        return pending == total ? .queued : .running
    }

    /// When the last order was decided on; nil while one is pending.
    var finishedAt: Timestamp? { pending == 0 ? lastDecidedAt : nil }
}

/// What the body of a request for a bulk cancel asks for.
struct BulkCancelWish: Sendable {
    /// Each once, in the order asked.
    let orderIDs: [Int64]
    let reason: String

    static let most = 1_000

    /// Reads a body.
    ///
    /// - Throws: a `Problem` with 400 or 422.
    init(_ body: [UInt8]) throws(Problem) {
        let body = try BodyReader(body)
        let asked = body.integers("ids", count: 1...Self.most, required: true)
        let reason = body.string("reason", length: 1...255, required: true)
        try body.finish()
        guard let asked, let reason else { throw Problem.internalError }
        var seen: Set<Int64> = []
        orderIDs = asked.filter { seen.insert($0).inserted }
        self.reason = reason
    }
}
