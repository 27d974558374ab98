import MariaDB
import Signing
package import Web

/// What an erasure has done, or would do.
package struct ErasureReport: Sendable {
    /// An order that is not at its end, and what keeps it open.
    package struct OpenOrder: Sendable {
        package let id: Int64
        package let number: String
        package let obstacle: String
    }

    let subject: DataSubject
    let isDryRun: Bool
    /// Orders that were left alone.
    package internal(set) var open: [OpenOrder] = []
    /// Whether it was carried out, or would be; false where open orders forbid it.
    package internal(set) var isCarriedOut = false
    /// Whether what Redis has could be removed; it goes by itself within a day.
    package internal(set) var isRedisClean = true
    /// Other customers one of whose orders has the address.
    package internal(set) var customers: [String] = []
    private(set) var counts: [(name: String, value: Int)] = []

    init(subject: DataSubject, isDryRun: Bool) {
        self.subject = subject
        self.isDryRun = isDryRun
    }

    mutating func count(_ name: String, _ number: Int) {
        if let index = counts.firstIndex(where: { $0.name == name }) {
            counts[index].value += number
        } else {
            counts.append((name, number))
        }
    }

    /// The counts as the record keeps them.
    var countsJSON: JSON {
        .object(counts.map { (name: $0.name, value: JSON($0.value)) })
    }

    /// The report as the command prints it: the hash of the subject instead of the subject.
    package var json: JSON {
        [
            "subject": [
                "kind": .string(subject.kind), "sha256": .string(subject.hash.hex),
            ],
            "dryRun": .bool(isDryRun), "carriedOut": .bool(isCarriedOut),
            "counts": countsJSON,
            "openOrders": .array(
                open.map { order in
                    [
                        "orderId": .integer(order.id), "orderNumber": .string(order.number),
                        "obstacle": .string(order.obstacle),
                    ]
                }
            ),
            "customersWithTheAddress": .array(customers.map(JSON.string)),
            "redisIsClean": .bool(isRedisClean),
        ]
    }
}
