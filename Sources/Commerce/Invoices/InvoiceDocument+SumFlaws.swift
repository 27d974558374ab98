/// An amount on a document that is not what the others make it.
package struct InvoiceSumFlaw: Sendable, Hashable {
    /// The term of EN 16931 that is wrong, such as `BT-112`.
    package let term: String
    /// Of terms that stand on a document more than once.
    package let rate: VATRate?
    /// Nil where amounts of the document are beyond counting.
    package let expected: Money?
    package let found: Money
}

extension InvoiceDocument {
    /// Every sum that is not what the parts of the document make it; recomputes all of them.
    ///
    /// The tax of a credit note depends on those before it, so that it may be one unit away from
    /// what its own sum contains; `InvoiceBalance` checks the whole chain.
    package var sumFlaws: [InvoiceSumFlaw] {
        let flaws = wrappingSumFlaws
        guard !flaws.isEmpty, !isCountable else { return flaws }
        return flaws.map {
            InvoiceSumFlaw(term: $0.term, rate: $0.rate, expected: nil, found: $0.found)
        }
    }

    /// Whether no sum or difference of its parts wraps around.
    private var isCountable: Bool {
        let amounts =
            lines.flatMap { [$0.net, $0.gross] } + adjustments.flatMap { [$0.net, $0.gross] }
            + vat.flatMap { [$0.base, $0.vat] } + [totals.prepaid]
        // Of Int64.min there is no magnitude, so it is none of these.
        let magnitudes = amounts.map { Int64(exactly: $0.minor.magnitude) ?? .max }
        return magnitudes.checkedSum ?? .max < .max
    }

    private var wrappingSumFlaws: [InvoiceSumFlaw] {
        let sums = InvoiceTotals(
            lines: lines,
            adjustments: adjustments,
            vat: vat,
            prepaid: totals.prepaid
        )
        let pairs = [
            ("BT-106", sums.lines, totals.lines), ("BT-107", sums.allowances, totals.allowances),
            ("BT-108", sums.charges, totals.charges), ("BT-109", sums.net, totals.net),
            ("BT-110", sums.vat, totals.vat), ("BT-112", sums.gross, totals.gross),
            ("BT-115", sums.payable, totals.payable),
        ]
        let flaws = pairs.filter { $0.1 != $0.2 }.map {
            InvoiceSumFlaw(term: $0.0, rate: nil, expected: $0.1, found: $0.2)
        }
        let rates = Set(vat.map(\.rate)).union(lines.map(\.vatRate))
            .union(adjustments.map(\.vatRate))
        return flaws + rates.sorted().flatMap(sumFlaws)
    }

    /// Those of one rate: its base (BT-116) and its tax (BT-117).
    private func sumFlaws(at rate: VATRate) -> [InvoiceSumFlaw] {
        let groups = vat.filter { $0.rate == rate }
        let base = groups.reduce(0) { $0 &+ $1.base.minor }
        let tax = groups.reduce(0) { $0 &+ $1.vat.minor }
        let net = sum(at: rate, \.net, \.net)
        let gross = sum(at: rate, \.gross, \.gross)
        var flaws: [InvoiceSumFlaw] = []
        func expect(_ term: String, _ expected: Int64, _ found: Int64) {
            guard expected != found else { return }
            flaws.append(
                InvoiceSumFlaw(
                    term: term,
                    rate: rate,
                    expected: Money(minor: expected, currency),
                    found: Money(minor: found, currency)
                )
            )
        }
        expect("BT-116", net, base)
        // What was paid is the base and its tax, whatever the tax is.
        expect("BT-117", gross &- base, tax)
        if gross >= 0 {
            let contained = rate.taxContained(in: Money(minor: gross, currency)).minor
            let tolerance: Int64 = kind == .creditNote ? 1 : 0
            if (tax &- contained).magnitude > tolerance { expect("BT-117", contained, tax) }
        }
        return flaws
    }

    private func sum(
        at rate: VATRate,
        _ ofLine: KeyPath<InvoiceLine, Money>,
        _ ofAdjustment: KeyPath<InvoiceAdjustment, Money>
    ) -> Int64 {
        let goods = lines.lazy.filter { $0.vatRate == rate }
            .reduce(0) { $0 &+ $1[keyPath: ofLine].minor }
        return adjustments.lazy.filter { $0.vatRate == rate }.reduce(goods) { sum, adjustment in
            let amount = adjustment[keyPath: ofAdjustment].minor
            return adjustment.kind.isCharge ? sum &+ amount : sum &- amount
        }
    }
}
