/// The limits of payment attempts: of a customer, and of the address they come from.
package struct PaymentLimits: Sendable, Equatable {
    /// Attempts of a customer within an hour; a success starts the hour anew.
    package var customerHour = 5

    /// Attempts of a customer within a day.
    package var customerDay = 20

    /// Attempts from an address within an hour, successes not counted.
    package var addressHour = 10

    package init() {}

    /// The names of all limits, for metrics.
    static let names = ["customer_hour", "customer_day", "address_hour"]

    /// The limits that an attempt has to pass, all of them.
    ///
    /// The keys are `payment:rate:<customer>` and `payment:rate:ip:<address or /64>`; without a
    /// known address the customer alone is asked.
    func limits(of payer: Payer) -> [RateLimit] {
        // An id with colons must not share the key of an address.
        let customer = payer.customer.replacing(":", with: "%3A")
        let key = "payment:rate:\(customer)"
        var limits = [
            RateLimit(
                name: Self.names[0],
                key: key,
                count: customerHour,
                window: .seconds(3_600),
                startsAnewAfterSuccess: true
            ),
            RateLimit(name: Self.names[1], key: key, count: customerDay, window: .seconds(86_400)),
        ]
        if let network = payer.network {
            limits.append(
                RateLimit(
                    name: Self.names[2],
                    key: "payment:rate:ip:\(network.text)",
                    count: addressHour,
                    window: .seconds(3_600),
                    forgetsSuccess: true
                )
            )
        }
        return limits
    }
}
