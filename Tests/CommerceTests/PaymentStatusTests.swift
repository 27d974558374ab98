import Commerce
import Testing

@Suite("States of payments") struct PaymentStatusTests {
    private static func expectations() throws -> MachineExpectations<PaymentStatus> {
        let closing = "pay>paid overpay>overpaid cancel>cancelled fail>failed"
        let asking = """
            require_method>requires_payment_method require_action>requires_action \
            process>processing authorize>authorized \(closing)
            """
        let afterwards = """
            refund_nothing>paid refund_part>partially_refunded refund_all>refunded \
            dispute>disputed
            """
        return try MachineExpectations(
            from: .noneRequired,
            .dueOnDelivery,
            .requiresRetry,
            moves: """
                none_required:
                due_on_delivery: collect_cash>paid cancel>cancelled fail>failed
                requires_retry: meet_intent>requires_retry lose_answer>unknown \(asking)
                unknown: meet_intent>requires_retry \(asking)
                requires_payment_method: require_action>requires_action process>processing \
                authorize>authorized \(closing)
                requires_action: require_method>requires_payment_method process>processing \
                authorize>authorized \(closing)
                processing: require_method>requires_payment_method \
                require_action>requires_action authorize>authorized \(closing)
                authorized: \(closing)
                paid: overpay>overpaid \(afterwards)
                overpaid: \(afterwards)
                partially_refunded: \(afterwards)
                refunded: \(afterwards)
                disputed: end_dispute>paid
                cancelled: meet_intent>requires_retry
                failed: meet_intent>requires_retry
                """
        )
    }

    @Test("move or refuse, with what would be allowed")
    func everyPair() throws {
        try Self.expectations().holdForEveryPair()
    }

    @Test("are all reached from the first ones")
    func reachability() throws {
        try Self.expectations().reachEverything()
    }

    @Test("are left for no report of a known intent once closed", arguments: PaymentStatus.allCases)
    func closed(status: PaymentStatus) {
        switch status {
        case .noneRequired: #expect(status.isFinal)
        case .cancelled, .failed: #expect(status.allowedEvents == [.meetIntent])
        default: #expect(status.allowedEvents.count > 1 || status == .disputed)
        }
    }

    @Test("never become unpaid again, whatever happens", arguments: PaymentStatus.allCases)
    func settled(status: PaymentStatus) throws {
        for event in status.allowedEvents where status.isSettled {
            #expect(try status.after(event).isSettled)
        }
    }

    @Test("do not let a late reading of a payment undo what came later")
    func lateReading() {
        for status in PaymentStatus.allCases where status.isSettled {
            #expect(!status.allowedEvents.contains(.pay))
            #expect(status.allowedEvents.contains(.overpay) == (status == .paid))
        }
    }

    @Test("allow paying exactly where the customer may still pay")
    func payable() {
        let payable = PaymentStatus.allCases.filter(\.isPayable)
        #expect(
            payable == [
                .requiresPaymentMethod, .requiresAction, .processing, .requiresRetry, .unknown,
            ]
        )
        #expect(PaymentStatus.allCases.filter { $0.allowedEvents.contains(.authorize) } == payable)
    }

    @Test("do not ask a payer again for authorized money or cash")
    func forwardOnly() throws {
        for status in [PaymentStatus.authorized, .dueOnDelivery] {
            for event in status.allowedEvents { #expect(try !status.after(event).isPayable) }
        }
    }

    @Test("have a word of the API each, and a first one by method")
    func words() {
        #expect(PaymentStatus.allCases.count == 15)
        #expect(PaymentStatus(first: .card) == .requiresRetry)
        #expect(PaymentStatus(first: .cashOnDelivery) == .dueOnDelivery)
    }

    // MARK: By sums

    @Test(
        "are refunded in part or whole, and paid again",
        arguments: [
            (PaymentStatus.paid, 0, 100, PaymentStatus.paid), (.paid, 1, 100, .partiallyRefunded),
            (.paid, 100, 100, .refunded), (.partiallyRefunded, 100, 100, .refunded),
            (.refunded, 40, 100, .partiallyRefunded), (.refunded, 0, 100, .paid),
            (.overpaid, 0, 120, .overpaid), (.overpaid, 20, 120, .partiallyRefunded),
            (.partiallyRefunded, 0, 120, .overpaid), (.disputed, 100, 100, .disputed),
            (.requiresPaymentMethod, 0, 0, .requiresPaymentMethod), (.cancelled, 0, 0, .cancelled),
            (.authorized, 0, 0, .authorized), (.requiresRetry, 0, 120, .requiresRetry),
        ]
    )
    func refunds(
        status: PaymentStatus,
        refunded: Int64,
        captured: Int64,
        next: PaymentStatus
    ) {
        #expect(status.afterRefunds(of: refunded, captured: captured, asked: 100) == next)
    }

    @Test(
        "are what their sums say once nobody disputes them",
        arguments: [
            (100, 100, 0, PaymentStatus.paid), (100, 90, 0, .paid), (100, 101, 0, .overpaid),
            (100, 100, 1, .partiallyRefunded), (100, 101, 100, .partiallyRefunded),
            (100, 100, 100, .refunded), (100, 101, 101, .refunded),
        ]
    )
    func disputes(asked: Int64, captured: Int64, refunded: Int64, next: PaymentStatus) throws {
        let found = try PaymentStatus.disputed.afterDisputes(
            refunded: refunded,
            captured: captured,
            asked: asked
        )
        #expect(found == next)
        #expect(throws: IllegalTransition<PaymentStatus>.self) {
            try next.afterDisputes(refunded: refunded, captured: captured, asked: asked)
        }
    }

    @Test("leave a dispute by its end alone")
    func disputed() {
        #expect(PaymentStatus.disputed.allowedEvents == [.endDispute])
    }
}
