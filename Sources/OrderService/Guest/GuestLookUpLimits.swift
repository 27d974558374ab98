import Signing

/// How many look-ups by number and e-mail address there may be in an hour.
package struct GuestLookUpLimits: Sendable, Equatable {
    /// From one address (IPv6: its /64).
    package var addressHour = 20

    /// Of one order number, whether or not there is such an order.
    package var orderHour = 5

    /// Of one e-mail address, whether or not anybody has ordered by it.
    package var emailHour = 5

    package init() {}

    /// The names of all limits, for metrics.
    static let names = ["lookup_address_hour", "lookup_order_hour", "lookup_email_hour"]

    private static let hour = Duration.seconds(3_600)

    /// The limits that a look-up has to pass, all of them.
    ///
    /// The keys are `guest:lookup:rate:` and the keyed digest of the text, as 64 hexadecimal
    /// digits. Without a known address the others alone are asked.
    ///
    /// - Parameters:
    ///   - number: as it was typed, in one spelling.
    ///   - email: the digest of the e-mail address.
    ///   - network: where the look-up comes from.
    ///   - digests: makes keys.
    /// - Returns: two or three limits.
    func limits(
        number: String,
        email: Digest,
        network: ClientNetwork?,
        _ digests: GuestDigests
    ) -> [RateLimit] {
        var limits = [
            limit(1, digests.digest(number, as: .orderNumber), orderHour),
            limit(2, email, emailHour),
        ]
        if let network {
            limits.append(limit(0, digests.digest(network.text, as: .network), addressHour))
        }
        return limits
    }

    private func limit(_ index: Int, _ digest: Digest, _ count: Int) -> RateLimit {
        RateLimit(
            name: Self.names[index],
            key: "guest:lookup:rate:\(digest.hex)",
            count: count,
            window: Self.hour
        )
    }
}
