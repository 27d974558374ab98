import MariaDB
import OrderServiceTesting

/// Compares what MariaDB, Stripe and product-service hold of every order of a stack.
///
/// At rest, whatever has happened before: nobody has paid twice, no money is without its order,
/// nothing is shown that is not there, all stock is accounted for, and nothing is left in doubt.
struct Audit {
    /// What is wrong, a line each; empty if the books agree.
    private(set) var findings: [String] = []
    /// Orders that ended unpaid to us while their money came: it has to go back.
    private(set) var owed: [Int64] = []
    /// How many orders there are by order and payment status.
    private(set) var census: [String: Int] = [:]

    private static let settled: Set = [
        "paid", "overpaid", "partially_refunded", "refunded", "disputed",
    ]
    private static let payable: Set = [
        "requires_payment_method", "requires_action", "processing", "requires_retry",
    ]
    private static let ended: Set = ["cancelled", "expired", "rejected"]

    /// Reads both sides and compares them.
    ///
    /// - Parameters:
    ///   - stack: whose orders these are.
    ///   - initialStock: what there was of each product before the first order.
    /// - Throws: what keeps them from being read.
    init(_ stack: StackUnderTest, initialStock: [String: Int64]) throws {
        let database = stack.openDatabase()
        defer { database.close() }
        let books = try AuditedBooks(database, stack.simulatorState())
        for (name, count) in books.unfinished.sorted(by: { $0.key < $1.key }) {
            findings.append("\(count) \(name)")
        }
        let intents = Dictionary(grouping: books.intents, by: \.orderID)
        for order in books.orders.values.sorted(by: { $0.id < $1.id }) {
            census["\(order.status), \(order.paymentStatus)", default: 0] += 1
            check(order, intents[order.id] ?? [])
            checkReservation(order, books)
        }
        checkIntents(books)
        checkStock(books, initialStock)
        findings += try Self.invoiceFindings(database)
    }

    /// Makes due what waits for its time, and reads until nothing is wrong.
    ///
    /// - Parameters:
    ///   - stack: as in `init`.
    ///   - initialStock: as in `init`.
    ///   - patience: after which the last findings stand.
    /// - Returns: the last audit.
    /// - Throws: what keeps the books from being read.
    static func atRest(
        _ stack: StackUnderTest,
        initialStock: [String: Int64],
        within patience: Duration = .seconds(20)
    ) throws -> Audit {
        try stack.hastenTasks()
        var audit = try Audit(stack, initialStock: initialStock)
        _ = try eventually(within: patience, every: .milliseconds(100)) {
            if !audit.findings.isEmpty { audit = try Audit(stack, initialStock: initialStock) }
            return audit.findings.isEmpty
        }
        return audit
    }

    private mutating func find(_ order: AuditedBooks.Order, _ text: String) {
        findings.append("order \(order.id) (\(order.status), \(order.paymentStatus)): \(text)")
    }

    private mutating func check(_ order: AuditedBooks.Order, _ intents: [AuditedBooks.Intent]) {
        guard order.isShown else { return find(order, "was never shown") }
        if order.isClosing { find(order, "is still being closed") }
        let kept = intents.filter { $0.kept != 0 }
        let charges = kept.reduce(0) { $0 + $1.charged.count }
        if charges > 1 { find(order, "was charged \(charges) times") }
        if kept.contains(where: { $0.kept < 0 }) { find(order, "got back more than it paid") }
        guard let payment = order.payments.last(where: { !$0.isVoid }) else {
            return find(order, "has no payment")
        }
        if order.paymentStatus != payment.status { find(order, "its payment is \(payment.status)") }
        for intent in intents where intent.id != payment.intentID {
            if Self.payable.contains(intent.status) {
                find(order, "has another open intent, \(intent.id)")
            }
        }
        let (ours, theirs) = (payment.captured - payment.refunded, kept.reduce(0) { $0 + $1.kept })
        if ours != theirs { find(order, "kept \(ours) by us, \(theirs) at Stripe") }
        switch order.status {
        case "awaiting_payment":
            let live = intents.first { $0.id == payment.intentID }
            if !Self.payable.contains(payment.status) || live == nil {
                find(order, "cannot be paid")
            }
            if let live, !Self.payable.contains(live.status) {
                find(order, "its intent is \(live.status)")
            }
        case "confirmed":
            let isDue = order.method == "cash_on_delivery" && payment.status == "due_on_delivery"
            if !isDue, !Self.settled.contains(payment.status) { find(order, "is not paid") }
        case _ where Self.ended.contains(order.status):
            if !kept.isEmpty { owed.append(order.id) }
            if let open = intents.first(where: { Self.payable.contains($0.status) }) {
                find(order, "can still be paid by \(open.id)")
            }
        default: find(order, "did not end as it should")
        }
    }

    /// What we noted of the stock, what is due to the order's state, and what product-service has
    /// are the same.
    private mutating func checkReservation(_ order: AuditedBooks.Order, _ books: AuditedBooks) {
        guard order.isShown else { return }
        // What was sold before the end comes back by hand.
        let wasSold =
            order.method == "cash_on_delivery" || !order.payments.allSatisfy { $0.captured == 0 }
        let expected: Set =
            switch order.status {
            case "awaiting_payment": ["held"]
            case "confirmed": ["committed"]
            default: wasSold ? ["released", "committed"] : ["released"]
            }
        if order.reservations.isEmpty { find(order, "has no reservation") }
        for (key, status) in order.reservations {
            let actual = books.reservations[key]
            if !expected.contains(status) || actual?.status != status {
                find(order, "its stock is \(status), really \(actual?.status ?? "unknown")")
            }
            if status != "released", let actual, actual.quantities != order.quantities {
                find(order, "other goods are reserved than were ordered")
            }
        }
    }

    /// Money and open intents belong to an order that knows them.
    private mutating func checkIntents(_ books: AuditedBooks) {
        for intent in books.intents where !intent.charged.isEmpty || intent.status != "canceled" {
            guard let order = books.orders[intent.orderID] else {
                findings.append("intent \(intent.id) (\(intent.status)) has no order")
                continue
            }
            if !order.payments.contains(where: { $0.intentID == intent.id }) {
                find(order, "does not know its intent \(intent.id) (\(intent.status))")
            }
        }
    }

    private mutating func checkStock(_ books: AuditedBooks, _ initial: [String: Int64]) {
        let known = Set(books.orders.values.flatMap { $0.reservations.keys })
        let taken = books.reservations.filter { ["held", "committed"].contains($0.value.status) }
        for key in taken.keys.sorted() where !known.contains(key) {
            findings.append("reservation \(key) has no order")
        }
        for (sku, amount) in initial.sorted(by: { $0.key < $1.key }) {
            let gone = taken.values.reduce(0) { $0 + ($1.quantities[sku] ?? 0) }
            let left = books.stock[sku] ?? 0
            guard left != amount - gone else { continue }
            findings.append("of \(sku) are left \(left), not \(amount) - \(gone)")
        }
    }
}
