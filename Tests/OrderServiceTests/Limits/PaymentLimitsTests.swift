import Testing

@testable import OrderService

@Suite("Limits of payment attempts") struct PaymentLimitsTests {
    @Test(
        "counts an IPv6 subscriber by the /64, and by no address what has none",
        arguments: [
            ("2001:db8:1:2::5", "2001:db8:1:2::/64"),
            ("2001:0DB8:1:2:ffff::1", "2001:db8:1:2::/64"),
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("unix:", nil), ("", nil), ("192.0.2.7, 192.0.2.8", nil), ("fe80::1%eth0", nil),
        ] as [(String, String?)]
    )
    func findsNetwork(address: String, network: String?) {
        #expect(ClientNetwork(address: address)?.text == network)
    }

    @Test("asks the customer alone where no address is known") func needsNoAddress() {
        let limits = PaymentLimits().limits(of: .sample("1", at: ""))
        #expect(limits.map(\.name) == ["customer_hour", "customer_day"])
    }

    @Test("have the documented keys") func keys() {
        let limits = PaymentLimits().limits(of: .sample("42", at: "2001:db8:1:2::5"))
        #expect(
            limits.map(\.key) == [
                "payment:rate:42", "payment:rate:42", "payment:rate:ip:2001:db8:1:2::/64",
            ]
        )
        #expect(limits.map(\.name) == PaymentLimits.names)
    }

    @Test("know a guest by the e-mail address in any spelling, a customer by the id") func payers()
    {
        let guest = Payer(userID: nil, email: " Ana@Example.RO ", network: nil)
        #expect(guest.customer == "ana@example.ro")
        #expect(Payer(userID: "Ana1", email: "x@example.ro", network: nil).customer == "Ana1")
    }
}

extension Payer {
    /// A payer with an id, at an address.
    static func sample(_ customer: String, at address: String = "192.0.2.1") -> Payer {
        Payer(customer: customer, network: ClientNetwork(address: address))
    }
}
