import Commerce
import Testing

@Suite("States of orders") struct OrderStatusTests {
    private static func expectations() throws -> MachineExpectations<OrderStatus> {
        try MachineExpectations(
            from: .awaitingPayment,
            moves: """
                awaiting_payment: confirm>confirmed review_payment>payment_review \
                review_stock>stock_review cancel>cancelled expire>expired reject>rejected
                payment_review: confirm>confirmed review_stock>stock_review cancel>cancelled \
                reject>rejected
                stock_review: confirm>confirmed review_payment>payment_review cancel>cancelled \
                reject>rejected
                confirmed: start>in_fulfilment review_payment>payment_review \
                review_stock>stock_review cancel>cancelled
                in_fulfilment: ship>shipped cancel>cancelled
                shipped: deliver>delivered return>returned
                delivered: return>returned
                expired: confirm>confirmed review_stock>stock_review
                returned:
                cancelled:
                rejected:
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

    @Test("end in exactly three of them")
    func ends() {
        #expect(OrderStatus.allCases.filter(\.isFinal) == [.returned, .cancelled, .rejected])
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

    @Test("have a word of the API each")
    func words() {
        #expect(OrderStatus.allCases.count == 11 && PaymentStatus.allCases.count == 15)
        #expect(FulfilmentEvent.allCases.map(\.orderEvent) == [.start, .ship, .deliver, .return])
    }
}
