import OrderService
import OrderServiceHarness
import Redis

/// What tests of the limits see and change of the logs in Redis.
extension ServiceUnderTest {
    /// Settings with these limits instead of raised ones.
    static func limits(hour: Int = 5, day: Int = 20, address: Int = 10) -> [String: String] {
        [
            "PAYMENT_LIMIT_CUSTOMER_HOUR": String(hour), "PAYMENT_LIMIT_CUSTOMER_DAY": String(day),
            "PAYMENT_LIMIT_ADDRESS_HOUR": String(address), "LIMIT_PROCESSES": "2",
        ]
    }

    /// The attempts in the log of a customer, or of an address with `ip:` before it.
    func attempts(of name: String) throws -> [String] {
        let command = Command("ZRANGE", "payment:rate:\(name)", 0, -1)
        let reply = try services.stateRedis.send(command, until: soon)
        return (reply.array ?? []).compactMap { element in
            element.bytes.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Lets a log's attempts be as old as if an hour had passed; the time is Redis's own.
    func ageByAnHour(_ name: String) throws {
        for member in try attempts(of: name) {
            _ = try services.stateRedis.send(
                Command("ZINCRBY", "payment:rate:\(name)", -3_600_000_000, member),
                until: soon
            )
        }
    }
}
