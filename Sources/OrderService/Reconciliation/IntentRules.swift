import Commerce

/// Compares a PaymentIntent with our books of its order.
enum IntentRules {
    /// The word that a second intent is flagged with.
    private static let secondIntent = PaymentSettlement.secondIntent

    /// Where the two differ; nil if they agree, or nothing depends on it any more.
    static func compare(_ listed: ListedIntent, _ books: OrderBooks?) -> Finding? {
        let intent = listed.intent
        guard let books, let entry = books.entry(intent.paymentID) else {
            return unclaimed(listed, books?.order)
        }
        let known = entry.payment.intentID
        guard known == nil || known == intent.id else { return second(listed, books) }
        guard entry.payment.id == books.current?.id else {
            return givenUp(listed, entry.payment, books)
        }
        return counted(listed, entry.payment, books.order)
    }

    /// An intent that names an order or a payment that we do not have.
    private static func unclaimed(_ listed: ListedIntent, _ order: Order?) -> Finding? {
        let kind: Finding.Kind
        if listed.holdsMoney {
            kind = .chargeWithoutOrder
        } else if listed.intent.status.isOpen {
            kind = .strayOpenIntent
        } else {
            return nil
        }
        return Finding(
            kind,
            of: order,
            .intent(listed.intent.id),
            ours: .nothing,
            theirs: listed.figure
        )
    }

    /// Another intent than the one that the payment has.
    private static func second(_ listed: ListedIntent, _ books: OrderBooks) -> Finding? {
        guard listed.holdsMoney else { return unclaimed(listed, books.order) }
        return charged(.secondCharge, listed, books)
    }

    /// The intent of a payment that another one has replaced.
    private static func givenUp(
        _ listed: ListedIntent,
        _ payment: Payment,
        _ books: OrderBooks
    ) -> Finding? {
        let intent = listed.intent
        switch intent.status {
        case .succeeded:
            guard listed.holdsMoney else { return nil }
            let isPaidTwice = books.current?.status.isSuccess ?? false
            return charged(isPaidTwice ? .secondCharge : .voidIntentAlive, listed, books)
        case .canceled:
            guard payment.status.isPayable || payment.status == .authorized else { return nil }
            return Finding(
                .paymentInDoubt,
                of: books.order,
                .intent(intent.id),
                ours: payment.figure,
                theirs: listed.figure,
                fix: .settlePayment(intent, version: nil)
            )
        default:
            return Finding(
                .voidIntentAlive,
                of: books.order,
                .intent(intent.id),
                ours: payment.figure,
                theirs: listed.figure,
                fix: .endIntent(intent.id)
            )
        }
    }

    /// Money that came by another intent; settling flags it, once, for somebody to look at.
    private static func charged(
        _ kind: Finding.Kind,
        _ listed: ListedIntent,
        _ books: OrderBooks
    ) -> Finding {
        let isFlagged =
            books.current?.reviewReason == secondIntent || listed.intent.status != .succeeded
        return Finding(
            kind,
            of: books.order,
            .intent(listed.intent.id),
            ours: books.current?.figure ?? .nothing,
            theirs: listed.figure,
            fix: isFlagged ? nil : .settlePayment(listed.intent, version: nil)
        )
    }

    /// The intent of the payment that counts.
    private static func counted(
        _ listed: ListedIntent,
        _ payment: Payment,
        _ order: Order
    ) -> Finding? {
        let intent = listed.intent
        func finding(_ kind: Finding.Kind, _ fix: ReconciliationFix? = nil) -> Finding {
            Finding(
                kind,
                of: order,
                .intent(intent.id),
                ours: payment.figure,
                theirs: listed.figure,
                fix: fix
            )
        }
        let settling = ReconciliationFix.settlePayment(intent, version: payment.version)
        let isSayingPaid = payment.status.isSuccess || order.paymentStatus.isSettled
        switch intent.status {
        case .succeeded:
            guard payment.status.isSettled else {
                let isOpen = payment.intentID == nil || payment.status.allowedEvents.contains(.pay)
                return finding(.chargeUnsettled, isOpen ? settling : nil)
            }
            return settled(listed, payment, order).map { finding($0) }
        case .requiresCapture:
            if order.status.hasEndedUnpaid {
                return finding(.openIntentOfEndedOrder, .endIntent(intent.id))
            }
            if payment.status == .authorized { return nil }
            if payment.status.isSettled { return finding(.paymentWithoutCharge) }
            return finding(.chargeUnsettled, settling)
        case .canceled:
            if payment.status.isSettled || order.paymentStatus.isSettled {
                return finding(.paymentWithoutCharge)
            }
            if payment.status == .authorized { return finding(.paymentWithoutCharge, settling) }
            return payment.status.isPayable ? finding(.paymentOutdated, settling) : nil
        case .requiresPaymentMethod, .requiresConfirmation, .requiresAction, .processing:
            if isSayingPaid { return finding(.paymentWithoutCharge) }
            if order.status.hasEndedUnpaid || !payment.status.isPayable {
                return finding(.openIntentOfEndedOrder, .endIntent(intent.id))
            }
            let isBehind =
                payment.intentID == nil
                || intent.status == .processing && payment.status != .processing
            return isBehind ? finding(.paymentOutdated, settling) : nil
        }
    }

    /// How a payment differs that is paid on both sides.
    private static func settled(
        _ listed: ListedIntent,
        _ payment: Payment,
        _ order: Order
    ) -> Finding.Kind? {
        let received = listed.intent.amountReceived
        if received.currency != payment.amount.currency { return .currencyDiffers }
        if received.minor != payment.captured.minor { return .amountDiffers }
        let isGivenBack = payment.refundReserved.minor >= payment.captured.minor
        if received.minor != payment.amount.minor, !isGivenBack { return .amountDiffers }
        if order.status.hasEndedUnpaid, !isGivenBack, listed.kept.minor > 0 {
            return .chargeWithoutOrder
        }
        return nil
    }
}

extension ListedIntent {
    /// Whether money was taken by it, or is held, and has not been given back.
    var holdsMoney: Bool {
        intent.status == .requiresCapture || intent.status == .succeeded && kept.minor > 0
    }

    fileprivate var figure: Finding.Figure {
        let isPaid = intent.status == .succeeded
        return Finding.Figure(
            status: intent.status.rawValue,
            amount: isPaid ? intent.amountReceived : intent.amount
        )
    }
}

extension PaymentIntent.Status {
    /// Whether somebody may still pay by it.
    var isOpen: Bool { !isFinal && self != .requiresCapture }
}

extension Payment {
    var figure: Finding.Figure {
        Finding.Figure(status: status.rawValue, amount: status.isSettled ? captured : amount)
    }
}
