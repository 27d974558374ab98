import Redis
import Resilience
import Signing
import Synchronization

/// One of the caches, with its name in keys and how long its entries live at most.
package enum CacheName: String, Sendable, CaseIterable {
    case orderSummaries = "order-summaries"
    case paymentStatus = "payment-status"
    case orderTracking = "order-tracking"
    /// One hash a customer, a field a page, so that a change drops them all by one command.
    case orderHistory = "order-history"
    case invoiceData = "invoice-data"
    case session
    case guestToken = "guest:token"
    case checkoutSession = "checkout:session"
    case cart

    /// Those that hold one entry an order, with its version.
    static let ofOrders: [CacheName] = [.orderSummaries, .paymentStatus, .orderTracking]

    /// The longest life of an entry; jitter shortens it.
    package var timeToLive: Duration {
        switch self {
        case .orderSummaries: .seconds(15 * 60)
        case .paymentStatus: .seconds(5 * 60)
        case .orderTracking: .seconds(30 * 60)
        case .orderHistory: .seconds(60 * 60)
        case .invoiceData: .seconds(6 * 60 * 60)
        // Short, so that a revocation whose drop was lost is not outlived for long.
        case .session, .guestToken: .seconds(60)
        case .checkoutSession: .seconds(30 * 60)
        case .cart: .seconds(30 * 60)
        }
    }

    /// The place among all cases.
    var ordinal: Int {
        switch self {
        case .orderSummaries: 0
        case .paymentStatus: 1
        case .orderTracking: 2
        case .orderHistory: 3
        case .invoiceData: 4
        case .session: 5
        case .guestToken: 6
        case .checkoutSession: 7
        case .cart: 8
        }
    }

    /// What stands between the name and the id in a key.
    fileprivate var separator: StaticString {
        switch self {
        case .session, .guestToken, .checkoutSession: ":"
        default: "::"
        }
    }

    /// The cache that a key belongs to; nil if to none, as a lease.
    init?(ofKey key: [UInt8]) {
        guard let name = Self.allCases.first(where: { key.starts(with: $0.key([])) }) else {
            return nil
        }
        self = name
    }

    /// The key of an entry.
    package func key(_ id: some Collection<UInt8>) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(96)
        key.append(contentsOf: rawValue.utf8)
        separator.withUTF8Buffer { key.append(contentsOf: $0) }
        key.append(contentsOf: id)
        return key
    }

    package func key(_ id: String) -> [UInt8] { key(id.utf8) }

    package func key(_ id: Int64) -> [UInt8] { key(String(id).utf8) }

    func key(_ digest: Digest) -> [UInt8] {
        var key = key([])
        digest.appendHex(to: &key)
        return key
    }

    /// The key of an order's entry, for a command about many.
    func argument(_ id: Int64) -> CacheNumberKey { CacheNumberKey(name: self, id: id) }

    /// How long it is kept that there is nothing under a key; nil where that is not worth keeping: a
    /// token, or the id of an invoice, is found by chance by nobody.
    private var absenceTimeToLive: Duration? {
        switch self {
        case .orderSummaries, .paymentStatus, .orderTracking: .seconds(30)
        case .orderHistory, .invoiceData, .session, .guestToken, .checkoutSession, .cart: nil
        }
    }

    /// A life for a new entry in ms, shortened by up to a tenth so that keys do not expire together.
    package func jitteredTimeToLive() -> Int64 {
        Self.jittered(timeToLive)
    }

    /// The same for this entry, which may say that there is nothing; nil if it is not kept.
    func jitteredTimeToLive(of entry: CacheEntry) -> Int64? {
        entry.isAbsent ? absenceTimeToLive.map(Self.jittered) : jitteredTimeToLive()
    }

    /// A Weyl sequence: what follows one another is spread evenly, and asks the kernel for nothing.
    private static let spread = Atomic<UInt64>(.random(in: 0 ... .max))

    private static func jittered(_ life: Duration) -> Int64 {
        let whole = life.wholeMilliseconds
        let step = spread.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        return whole - Int64(step.multipliedFullWidth(by: UInt64(whole / 10 + 1)).high)
    }
}

/// A key with a number, written into a command without being made before.
struct CacheNumberKey: RedisArgument {
    let name: CacheName
    let id: Int64

    func appendBulkString(to request: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var first = digits.count
            var rest = id.magnitude
            repeat {
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if id < 0 {
                first -= 1
                digits[first] = UInt8(ascii: "-")
            }
            let (text, separator) = (name.rawValue.utf8, name.separator)
            request.appendLine(
                marker: UInt8(ascii: "$"),
                number: text.count + separator.utf8CodeUnitCount + digits.count - first
            )
            request.append(contentsOf: text)
            separator.withUTF8Buffer { request.append(contentsOf: $0) }
            request.append(contentsOf: UnsafeBufferPointer(rebasing: digits[first...]))
            request.appendLineEnd()
        }
    }
}
