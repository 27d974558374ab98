import Commerce
import Testing

@Suite("States of disputes") struct DisputeStatusTests {
    @Test("hold the payment while open, and for good once lost")
    func holding() {
        let holding = DisputeStatus.allCases.filter(\.holdsPayment)
        #expect(
            holding == [
                .warningNeedsResponse, .warningUnderReview, .needsResponse, .underReview, .lost,
            ]
        )
        #expect(DisputeStatus.allCases.filter(\.isOpen) == holding.dropLast())
    }

    @Test("go forward only", arguments: DisputeStatus.allCases)
    func forward(status: DisputeStatus) {
        for next in DisputeStatus.allCases {
            #expect(!(status.mayBecome(next) && next.mayBecome(status)))
        }
        #expect(!status.mayBecome(status))
        #expect(status.isOpen == status.mayBecome(.lost))
        #expect(DisputeStatus.warningUnderReview.mayBecome(.needsResponse))
    }

    @Test(
        "leave the payment as its sums say",
        arguments: [
            (100, 100, 0, PaymentStatus.paid), (100, 90, 0, .paid), (100, 101, 0, .overpaid),
            (100, 100, 1, .partiallyRefunded), (100, 101, 100, .partiallyRefunded),
            (100, 100, 100, .refunded), (100, 101, 101, .refunded),
        ]
    )
    func sums(amount: Int64, captured: Int64, refunded: Int64, status: PaymentStatus) {
        let found = PaymentStatus.undisputed(
            amount: amount,
            captured: captured,
            refunded: refunded
        )
        #expect(found == status)
    }

    @Test("are all that leads out of a disputed payment")
    func payment() {
        #expect(!PaymentStatus.allCases.contains { PaymentStatus.disputed.mayBecome($0) })
    }
}
