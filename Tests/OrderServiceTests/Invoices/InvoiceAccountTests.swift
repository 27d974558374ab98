import Commerce
import Testing

@testable import OrderService

@Suite("Which document of an order is due") struct InvoiceAccountTests {
    private typealias Entry = InvoiceAccount.Entry
    private typealias Due = InvoiceAccount.Due

    private func account(
        _ status: OrderStatus = .confirmed,
        _ method: PaymentMethod = .card,
        price: Int64 = 10_000,
        captured: Int64 = 10_000,
        lost: Int64 = 0,
        refunds: [Int64] = [],
        isUnsettled: Bool = false,
        _ entries: [Entry] = []
    ) -> InvoiceAccount {
        InvoiceAccount(
            orderID: 1,
            status: status,
            method: method,
            price: price,
            captured: captured,
            lost: lost,
            refunds: refunds.enumerated().map {
                .init(id: Int64($0.offset + 1), amount: $0.element)
            },
            isUnsettled: isUnsettled,
            entries: entries
        )
    }

    private func invoice(_ gross: Int64 = 10_000, isIssued: Bool = true) -> Entry {
        Entry(cause: "order:1", kind: .invoice, isIssued: isIssued, gross: gross)
    }

    private func note(_ refund: Int64, _ gross: Int64, isIssued: Bool = true) -> Entry {
        Entry(cause: "refund:\(refund)", kind: .creditNote, isIssued: isIssued, gross: gross)
    }

    @Test(
        "is the invoice once the order is sold",
        arguments: OrderStatus.allCases,
        [PaymentMethod.card, .cashOnDelivery]
    )
    func invoice(status: OrderStatus, method: PaymentMethod) {
        let isCard = method == .card
        let isSold =
            switch status {
            case .confirmed, .inFulfilment: isCard
            case .shipped, .delivered: true
            case .returned: isCard
            default: false
            }
        let due = account(status, method, captured: isCard ? 10_000 : 0).due
        #expect(due == (isSold ? .invoice : nil))
    }

    @Test("is nothing of an order that costs nothing")
    func free() {
        #expect(account(price: 0, captured: 0).due == nil)
    }

    @Test("is a credit note for each refund also where a later one was credited before it")
    func clocks() {
        // The first, by a clock that is ahead, was not there when the second was credited.
        let first = account(refunds: [2_500, 1_000], [invoice(), note(2, 1_000)])
        #expect(first.due == .refund(1, amount: 2_500))
        let second = account(refunds: [1_000, 2_500], [invoice(), note(2, 2_500)])
        #expect(second.due == .refund(1, amount: 1_000))
        let done = account(
            refunds: [1_000, 2_500],
            [invoice(), note(2, 2_500), note(1, 1_000)]
        )
        #expect(done.due == nil)
        // Of what was overpaid the first to be credited has borne the part.
        let overpaid = account(
            captured: 12_000,
            refunds: [2_000, 5_000],
            [invoice(), note(2, 3_000)]
        )
        #expect(overpaid.due == .refund(1, amount: 2_000))
    }

    @Test("is a credit note for each refund, in their order")
    func refunds() {
        let first = account(refunds: [3_000, 7_000], [invoice()])
        #expect(first.due == .refund(1, amount: 3_000))
        let second = account(refunds: [3_000, 7_000], [invoice(), note(1, 3_000)])
        #expect(second.due == .refund(2, amount: 7_000))
        let done = account(
            .cancelled,
            refunds: [3_000, 7_000],
            [invoice(), note(1, 3_000), note(2, 7_000)]
        )
        #expect(done.due == nil)
    }

    @Test(
        "cannot be told of amounts whose sum no number holds",
        arguments: [Int64.max, .min, .max - 10_000]
    )
    func uncountable(amount: Int64) {
        #expect(account(refunds: [3_000, 7_000], [invoice()]).isCountable)
        #expect(!account(refunds: [amount, 7_000], [invoice()]).isCountable)
        #expect(!account(.confirmed, .card, [invoice(amount), note(1, 3_000)]).isCountable)
        #expect(!account(price: amount).isCountable)
        #expect(!account(captured: amount).isCountable)
    }

    @Test("credits nothing of what was overpaid")
    func overpaid() {
        #expect(account(captured: 12_000, refunds: [2_000], [invoice()]).due == nil)
        let more = account(captured: 12_000, refunds: [2_000, 500], [invoice()])
        #expect(more.due == .refund(2, amount: 500))
        let across = account(captured: 12_000, refunds: [2_500], [invoice()])
        #expect(across.due == .refund(1, amount: 500))
    }

    @Test("does not credit what was never paid until the order ends")
    func short() {
        #expect(account(captured: 9_000, [invoice()]).due == nil)
        let asked = account(captured: 9_000, refunds: [1_000], [invoice()])
        #expect(asked.due == .refund(1, amount: 1_000))
        let ended = account(
            .cancelled,
            captured: 9_000,
            refunds: [9_000],
            [invoice(), note(1, 9_000)]
        )
        #expect(ended.due == .rest)
    }

    @Test("makes up for a refund that failed after it was credited")
    func failedLater() {
        // The first is not among those that succeeded any more.
        var later = account(refunds: [], [invoice(), note(1, 3_000)])
        #expect(later.due == nil)
        later = InvoiceAccount(
            orderID: 1,
            status: .confirmed,
            method: .card,
            price: 10_000,
            captured: 10_000,
            lost: 0,
            refunds: [.init(id: 2, amount: 3_000)],
            isUnsettled: false,
            entries: [invoice(), note(1, 3_000)]
        )
        #expect(later.due == nil)
        later = InvoiceAccount(
            orderID: 1,
            status: .confirmed,
            method: .card,
            price: 10_000,
            captured: 10_000,
            lost: 0,
            refunds: [.init(id: 2, amount: 3_000), .init(id: 3, amount: 1_000)],
            isUnsettled: false,
            entries: [invoice(), note(1, 3_000)]
        )
        #expect(later.due == .refund(3, amount: 1_000))
    }

    @Test("is all that is left once the order has ended and no money is here")
    func ending() {
        let back = account(.returned, .cashOnDelivery, captured: 0, [invoice()])
        #expect(back.due == .rest)
        let kept = account(.returned, .card, [invoice()])
        #expect(kept.due == nil)
        let known = Entry(cause: "cancel:1", kind: .creditNote, isIssued: true, gross: 10_000)
        #expect(account(.returned, .cashOnDelivery, captured: 0, [invoice(), known]).due == nil)
    }

    @Test("is all that is left where the bank took the money and the goods are not the payer's")
    func chargedBack() {
        for status in [OrderStatus.cancelled, .rejected, .returned] {
            #expect(account(status, lost: 10_000, [invoice()]).due == .rest)
            let isKept = status == .returned
            #expect(account(status, lost: 4_000, [invoice()]).due == (isKept ? nil : .rest))
            let entries = [invoice(), note(1, 6_000)]
            #expect(account(status, lost: 4_000, refunds: [6_000], entries).due == .rest)
        }
        for status in [OrderStatus.confirmed, .inFulfilment, .shipped, .delivered] {
            #expect(account(status, lost: 10_000, [invoice()]).due == nil)
        }
    }

    @Test("is all that is left of what was called off, once no more of its money goes back")
    func owed() {
        for status in [OrderStatus.cancelled, .expired, .rejected] {
            #expect(account(status, isUnsettled: true, [invoice()]).due == nil)
            #expect(account(status, lost: 10_000, isUnsettled: true, [invoice()]).due == nil)
            #expect(account(status, .card, [invoice()]).due == .rest)
            #expect(account(status, refunds: [4_000], [invoice(), note(1, 4_000)]).due == .rest)
            // Its credit note was for a refund that has failed since, or is tried again.
            for isUnsettled in [false, true] {
                let credited = [invoice(), note(1, 10_000)]
                let failed = account(status, isUnsettled: isUnsettled, credited)
                #expect(failed.due == nil && failed.overcredited == 0)
            }
        }
        // Something may be kept of what came back.
        #expect(account(.returned, .card, [invoice()]).due == nil)
    }

    @Test("may have been more than it is now, once a refund has failed")
    func overcredited() {
        let entries = [invoice(), note(1, 3_000)]
        #expect(account(.delivered, refunds: [3_000], entries).overcredited == 0)
        #expect(account(.delivered, refunds: [], entries).overcredited == 3_000)
        #expect(account(.delivered, refunds: [1_000], entries).overcredited == 2_000)
        #expect(account(.returned, refunds: [], entries).overcredited == 3_000)
        #expect(account(.returned, captured: 0, entries).overcredited == 0)
        let waiting = [invoice(), note(1, 3_000, isIssued: false)]
        #expect(account(.delivered, refunds: [], waiting).overcredited == 0)
        #expect(account(.returned, lost: 10_000, entries).overcredited == 0)
        #expect(account(captured: 12_000, refunds: [2_000], [invoice()]).overcredited == 0)
    }

    @Test("may have been less than has gone back, once a refund is another sum")
    func undercredited() {
        let entries = [invoice(), note(1, 3_000)]
        #expect(account(refunds: [3_000], entries).undercredited == 0)
        #expect(account(refunds: [3_500], entries).undercredited == 500)
        #expect(account(captured: 12_000, refunds: [5_000], entries).undercredited == 0)
        #expect(account(refunds: [], entries).undercredited == 0)
        // Its credit note is about to come, or waits.
        #expect(account(refunds: [3_000, 500], entries).undercredited == 0)
        let waiting = entries + [note(2, 500, isIssued: false)]
        #expect(account(refunds: [3_000, 500], waiting).undercredited == 0)
    }

    @Test("waits for the correction of one that was rejected")
    func blocked() {
        #expect(account(.confirmed, .card, [invoice(isIssued: false)]).due == .blocked)
        let entries = [invoice(), note(1, 3_000, isIssued: false)]
        #expect(account(refunds: [3_000, 1_000], entries).due == .blocked)
    }

    @Test("takes away what waits and is not due any more, unless the order may yet be sold")
    func withdrawal() {
        let order = Due.withdrawal(cause: "order:1")
        let waiting = invoice(isIssued: false)
        #expect(account(.cancelled, refunds: [10_000], [waiting]).due == order)
        #expect(account(.returned, .cashOnDelivery, captured: 0, [waiting]).due == order)
        #expect(account(.returned, refunds: [10_000], [waiting]).due == .blocked)
        #expect(account(.paymentReview, .card, [waiting]).due == .blocked)
        let entries = [invoice(), note(1, 3_000, isIssued: false)]
        #expect(account(refunds: [], entries).due == .withdrawal(cause: "refund:1"))
        #expect(account(refunds: [2_000], entries).due == .withdrawal(cause: "refund:1"))
        let ending = Entry(cause: "cancel:1", kind: .creditNote, isIssued: false, gross: 10_000)
        let back = account(.returned, .cashOnDelivery, captured: 0, [invoice(), ending])
        #expect(back.due == .blocked)
        let paid = account(.returned, .cashOnDelivery, captured: 10_000, [invoice(), ending])
        #expect(paid.due == .withdrawal(cause: "cancel:1"))
    }

    @Test("is never more than the price, whatever the order of refunds", arguments: 0..<200)
    func neverMore(seed: UInt64) {
        var random = SplitMix(state: seed)
        let price = Int64.random(in: 1...20_000, using: &random)
        let captured = Int64.random(in: 0...25_000, using: &random)
        var left = captured
        var refunds: [Int64] = []
        while left > 0, refunds.count < 12 {
            let amount = Int64.random(in: 1...left, using: &random)
            refunds.append(amount)
            left -= amount
        }
        var entries = [invoice(price)]
        var credited: Int64 = 0
        while true {
            let due = account(price: price, captured: captured, refunds: refunds, entries).due
            guard case .refund(let id, let amount) = due else { break }
            #expect(amount > 0)
            credited += amount
            entries.append(note(id, amount))
        }
        let refunded = captured - left
        let unpaid = max(0, price - captured)
        #expect(credited == max(0, min(price, price - (captured - refunded)) - unpaid))
        #expect(entries.count <= refunds.count + 1)
    }
}

/// Numbers that a seed fixes (Steele et al., SplitMix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
