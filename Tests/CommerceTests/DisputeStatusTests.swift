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
}
