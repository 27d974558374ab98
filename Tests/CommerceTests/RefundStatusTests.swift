import Commerce
import Testing

@Suite("States of refunds") struct RefundStatusTests {
    private static let reports: [RefundEvent: RefundStatus] = [
        .wait: .pending, .requireAction: .requiresAction, .succeed: .succeeded, .fail: .failed,
        .cancel: .cancelled,
    ]

    /// The table of a refund's moves, as the documentation has it: status, event, next status.
    private static let moves: [RefundStatus: [RefundEvent: RefundStatus]] = [
        .requested: [
            .wait: .pending, .requireAction: .requiresAction, .succeed: .succeeded, .fail: .failed,
            .cancel: .cancelled, .loseAnswer: .unknown, .refuse: .manual, .giveUp: .manual,
        ],
        .unknown: [
            .wait: .pending, .requireAction: .requiresAction, .succeed: .succeeded, .fail: .failed,
            .cancel: .cancelled, .loseAnswer: .unknown, .refuse: .manual, .giveUp: .manual,
        ],
        .pending: reports,
        .requiresAction: reports,
        .succeeded: [.succeed: .succeeded, .fail: .failed],
        .failed: [.fail: .failed],
        .cancelled: [.cancel: .cancelled],
        .manual: [
            .wait: .pending, .requireAction: .requiresAction, .succeed: .succeeded, .fail: .failed,
            .cancel: .cancelled, .refuse: .manual, .giveUp: .manual, .confirmByHand: .succeeded,
            .rejectByHand: .failed,
        ],
    ]

    @Test("move or refuse, with what would be allowed", arguments: RefundStatus.allCases)
    func everyPair(status: RefundStatus) throws {
        let moves = Self.moves[status] ?? [:]
        let allowed = RefundEvent.allCases.filter { moves[$0] != nil }
        #expect(status.allowedEvents == allowed)
        for event in RefundEvent.allCases {
            if let next = moves[event] {
                #expect(try status.after(event) == next)
            } else {
                let error = #expect(throws: IllegalRefundTransition.self) {
                    try status.after(event)
                }
                #expect(error?.status == status && error?.event == event)
                #expect(error?.allowed == allowed)
            }
        }
    }

    @Test("are all reached from the first one")
    func reachability() {
        var reached: Set<RefundStatus> = [.requested]
        var frontier = reached
        while !frontier.isEmpty {
            let next = Set(
                frontier.flatMap { status in
                    status.allowedEvents.compactMap { try? status.after($0) }
                }
            )
            frontier = next.subtracting(reached)
            reached.formUnion(next)
        }
        #expect(reached == Set(RefundStatus.allCases))
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

    @Test(
        "make a payment refunded in part or whole, and paid again",
        arguments: [
            (PaymentStatus.paid, 0, 100, PaymentStatus.paid), (.paid, 1, 100, .partiallyRefunded),
            (.paid, 100, 100, .refunded), (.partiallyRefunded, 100, 100, .refunded),
            (.refunded, 40, 100, .partiallyRefunded), (.refunded, 0, 100, .paid),
            (.overpaid, 0, 120, .overpaid), (.overpaid, 20, 120, .partiallyRefunded),
            (.partiallyRefunded, 0, 120, .overpaid), (.disputed, 100, 100, .disputed),
            (.requiresPaymentMethod, 0, 0, .requiresPaymentMethod), (.cancelled, 0, 0, .cancelled),
        ]
    )
    func payments(
        status: PaymentStatus,
        refunded: Int64,
        captured: Int64,
        next: PaymentStatus
    ) {
        #expect(status.afterRefunds(of: refunded, captured: captured, asked: 100) == next)
    }

    @Test("do not let a late reading of the payment undo a refund")
    func lateReading() {
        for next in [PaymentStatus.paid, .overpaid] {
            #expect(!PaymentStatus.partiallyRefunded.mayBecome(next))
            #expect(!PaymentStatus.refunded.mayBecome(next))
        }
    }
}
