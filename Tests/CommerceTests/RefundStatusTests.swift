import Commerce
import Testing

@Suite("States of refunds") struct RefundStatusTests {
    private static func expectations() throws -> MachineExpectations<RefundStatus> {
        let reports = """
            wait>pending require_action>requires_action succeed>succeeded fail>failed \
            cancel>cancelled
            """
        let byCall = "\(reports) lose_answer>unknown refuse>manual give_up>manual"
        return try MachineExpectations(
            from: .requested,
            moves: """
                requested: \(byCall)
                unknown: \(byCall)
                pending: \(reports)
                requires_action: \(reports)
                succeeded: succeed>succeeded fail>failed
                failed: fail>failed
                cancelled: cancel>cancelled
                manual: \(reports) refuse>manual give_up>manual confirm_by_hand>succeeded \
                reject_by_hand>failed
                """
        )
    }

    @Test("move or refuse, with what would be allowed")
    func everyPair() throws {
        try Self.expectations().holdForEveryPair()
    }

    @Test("are all reached from the first one")
    func reachability() throws {
        try Self.expectations().reachEverything()
    }

    @Test("stay failed or cancelled, whatever is reported")
    func ends() {
        for status in RefundStatus.allCases {
            let isEnd = status.allowedEvents.allSatisfy { (try? status.after($0)) == status }
            #expect(isEnd == (status == .failed || status == .cancelled))
        }
    }

    @Test("give an amount back once, and never take it again", arguments: RefundStatus.allCases)
    func money(status: RefundStatus) throws {
        for event in status.allowedEvents where !status.holdsMoney {
            #expect(try !status.after(event).holdsMoney)
        }
        #expect(status.holdsMoney == (status != .failed && status != .cancelled))
    }

    @Test("are ended by hand only where people are asked")
    func byHand() {
        let byHand: [RefundEvent] = [.confirmByHand, .rejectByHand]
        for event in byHand {
            #expect(
                RefundStatus.allCases.filter { $0.allowedEvents.contains(event) } == [.manual]
            )
        }
    }

    @Test("leave the worker what is not decided")
    func open() {
        #expect(
            RefundStatus.allCases.filter(\.isOpen) == [
                .requested, .pending, .requiresAction, .unknown,
            ]
        )
    }
}
