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

    @Test("have a word of the API each")
    func words() {
        #expect(OrderStatus.allCases.count == 11)
        #expect(FulfilmentEvent.allCases.map(\.orderEvent) == [.start, .ship, .deliver, .return])
    }
}
