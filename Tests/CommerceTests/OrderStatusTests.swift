import Commerce
import Testing

@Suite("States of orders and payments") struct OrderStatusTests {
    /// The table of an order's moves, as the documentation has it: status, event, next status.
    private static let moves: [OrderStatus: [OrderEvent: OrderStatus]] = [
        .awaitingPayment: [
            .confirm: .confirmed, .reviewPayment: .paymentReview, .reviewStock: .stockReview,
            .cancel: .cancelled, .expire: .expired, .reject: .rejected,
        ],
        .paymentReview: [
            .confirm: .confirmed, .reviewStock: .stockReview, .cancel: .cancelled,
            .reject: .rejected,
        ],
        .stockReview: [
            .confirm: .confirmed, .reviewPayment: .paymentReview, .cancel: .cancelled,
            .reject: .rejected,
        ],
        .confirmed: [
            .start: .inFulfilment, .reviewPayment: .paymentReview, .reviewStock: .stockReview,
            .cancel: .cancelled,
        ],
        .inFulfilment: [.ship: .shipped, .cancel: .cancelled],
        .shipped: [.deliver: .delivered, .return: .returned],
        .delivered: [.return: .returned],
        .expired: [.confirm: .confirmed, .reviewStock: .stockReview],
    ]

    @Test("moves or refuses, with what would be allowed", arguments: OrderStatus.allCases)
    func everyPair(status: OrderStatus) throws {
        let moves = Self.moves[status] ?? [:]
        let allowed = OrderEvent.allCases.filter { moves[$0] != nil }
        #expect(status.allowedEvents == allowed)
        #expect(status.isFinal == moves.isEmpty)
        for event in OrderEvent.allCases {
            if let next = moves[event] {
                #expect(try status.after(event) == next)
            } else {
                let error = #expect(throws: IllegalTransition.self) { try status.after(event) }
                #expect(error?.status == status && error?.event == event)
                #expect(error?.allowed == allowed)
            }
        }
    }

    @Test("reaches every status from the first one, and ends in exactly three of them")
    func reachability() {
        var reached: Set<OrderStatus> = [.awaitingPayment]
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
        #expect(reached == Set(OrderStatus.allCases))
        let final: Set<OrderStatus> = [.returned, .cancelled, .rejected]
        #expect(Set(OrderStatus.allCases.filter(\.isFinal)) == final)
    }

    @Test(
        "never leaves a final state of a payment",
        arguments: [PaymentStatus.noneRequired, .refunded, .failed, .cancelled]
    )
    func finalPayments(status: PaymentStatus) {
        #expect(!PaymentStatus.allCases.contains { status.mayBecome($0) })
    }

    @Test("never unpays a payment, whatever is reported", arguments: PaymentStatus.allCases)
    func settledPayments(status: PaymentStatus) {
        for next in PaymentStatus.allCases {
            #expect(!(status.isSettled && status.mayBecome(next) && !next.isSettled))
            #expect(!(status.isSettled && status.mayBecome(next) && next == .paid))
            #expect(!(status == next && status.mayBecome(next)))
        }
    }

    @Test("lets every payable payment be paid, declined, authorized and closed")
    func payablePayments() {
        let payable = PaymentStatus.allCases.filter(\.isPayable)
        #expect(
            payable == [
                .requiresPaymentMethod, .requiresAction, .processing, .requiresRetry, .unknown,
            ]
        )
        for status in payable {
            for next in [PaymentStatus.paid, .authorized, .failed, .cancelled, .overpaid] {
                #expect(status.mayBecome(next))
            }
        }
    }

    @Test("does not ask a payer again for authorized money or cash")
    func forwardOnly() {
        for status in [PaymentStatus.authorized, .dueOnDelivery] {
            #expect(!PaymentStatus.allCases.contains { $0.isPayable && status.mayBecome($0) })
            #expect(status.mayBecome(.paid) && status.mayBecome(.cancelled))
        }
        #expect(!PaymentStatus.dueOnDelivery.mayBecome(.authorized))
    }

    @Test("gives each word of the API to one status")
    func words() {
        #expect(OrderStatus.allCases.count == 11 && PaymentStatus.allCases.count == 15)
        #expect(FulfilmentEvent.allCases.map(\.orderEvent) == [.start, .ship, .deliver, .return])
    }
}
