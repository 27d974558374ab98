import Glibc

/// The limits of payment attempts: of a customer, and of the address they come from.
package struct PaymentLimits: Sendable, Equatable {
    /// Attempts of a customer within an hour; a success starts the hour anew.
    package var customerHour = 5

    /// Attempts of a customer within a day.
    package var customerDay = 20

    /// Attempts from an address within an hour, successes not counted.
    package var addressHour = 10

    package init() {}

    /// The limits that an attempt has to pass, all of them.
    ///
    /// - Parameters:
    ///   - customer: whose attempt it is, such as `user:42`.
    ///   - address: the client's, as nginx saw it; nil if it is not known.
    /// - Returns: limits whose logs the same customer and address find again.
    package func limits(customer: String, address: String?) -> [RateLimit] {
        let key = "payment:rate:\(customer)"
        var limits = [
            RateLimit(
                name: "customer_hour",
                key: key,
                count: customerHour,
                window: .seconds(3_600),
                startsAnewAfterSuccess: true
            ),
            RateLimit(name: "customer_day", key: key, count: customerDay, window: .seconds(86_400)),
        ]
        if let address {
            limits.append(
                RateLimit(
                    name: "address_hour",
                    key: "payment:rate:ip:\(Self.network(of: address))",
                    count: addressHour,
                    window: .seconds(3_600),
                    forgetsSuccess: true
                )
            )
        }
        return limits
    }

    /// An IPv4 address as it is, an IPv6 address by its /64, which one subscriber has to
    /// himself; what is no address stays as it is.
    static func network(of address: String) -> String {
        var parsed = in6_addr()
        guard inet_pton(AF_INET6, address, &parsed) == 1 else { return address }
        let bytes = withUnsafeBytes(of: &parsed) { Array($0) }
        // An IPv4 address in IPv6 clothes (RFC 4291, section 2.5.5.2).
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return bytes[12...].map(String.init).joined(separator: ".")
        }
        let groups = stride(from: 0, to: 8, by: 2).map { index in
            String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + "::/64"
    }
}
