/// The amounts of a credit note.
///
/// They close the chain: the tax of every rate over all credit notes together is that of what has
/// been credited together, so it is the invoice's once all is credited.
enum CreditNoteCalculation {
    /// Computes a credit note of what is left of an invoice.
    static func amounts(
        crediting: Crediting,
        of balance: InvoiceBalance
    ) throws(CreditNoteFailure) -> InvoiceCalculation {
        let groups: [RateGroup]
        switch crediting {
        case .lines(let pieces): groups = try Self.groups(pieces, of: balance)
        case .amount(let amount) where amount != balance.gross || amount.minor == 0:
            groups = try Self.groups(amount, of: balance)
        case .amount, .rest:
            if balance.isUntouched { return InvoiceCalculation(mirroring: balance.original) }
            groups = try rest(of: balance)
        }
        return InvoiceCalculation(
            groups,
            reasons: balance.reasons,
            prepaid: .zero(balance.original.currency)
        )
    }

    private static func groups(
        _ pieces: [Crediting.Piece],
        of balance: InvoiceBalance
    ) throws(CreditNoteFailure) -> [RateGroup] {
        var credited: [InvoiceLine] = []
        for piece in pieces {
            guard !credited.contains(where: { $0.position == piece.position }) else {
                throw .lineTwice(position: piece.position)
            }
            credited.append(try line(piece, of: balance))
        }
        guard credited.contains(where: { $0.gross.minor > 0 }) else { throw .nothing }
        var groups: [RateGroup] = []
        for rate in balance.rates {
            let lines = credited.filter { $0.vatRate == rate.rate }
            guard !lines.isEmpty else { continue }
            let gross = lines.reduce(0) { $0 + $1.gross.minor }
            guard gross <= rate.gross else {
                let left = Money(minor: rate.gross, balance.original.currency)
                throw .exceedsRate(rate.rate, left: left)
            }
            groups.append(balance.group(lines, at: rate))
        }
        return groups
    }

    private static func line(
        _ piece: Crediting.Piece,
        of balance: InvoiceBalance
    ) throws(CreditNoteFailure) -> InvoiceLine {
        guard let line = balance.lines.first(where: { $0.original.position == piece.position })
        else { throw .unknownLine(position: piece.position) }
        guard piece.gross.currency == line.gross.currency else {
            throw .differentCurrencies(line.gross.currency, piece.gross.currency)
        }
        guard piece.quantity >= 1, piece.gross.minor >= 0 else { throw .nothing }
        guard piece.quantity <= line.quantity, piece.gross.minor <= line.gross.minor else {
            throw .exceedsLine(
                position: piece.position,
                quantityLeft: line.quantity,
                left: line.gross
            )
        }
        return line.original.crediting(piece.quantity, for: piece.gross)
    }

    private static func groups(
        _ amount: Money,
        of balance: InvoiceBalance
    ) throws(CreditNoteFailure) -> [RateGroup] {
        let left = balance.gross
        guard amount.currency == left.currency else {
            throw .differentCurrencies(left.currency, amount.currency)
        }
        guard amount.minor > 0 else { throw .nothing }
        guard amount.minor <= left.minor else { throw .exceedsInvoice(left: left) }
        let shares = LargestRemainder.shares(of: amount.minor, over: balance.rates.map(\.gross))
        let name = "Rambursare parțială la factura \(balance.original.number)"
        return zip(balance.rates, shares).filter { $0.1 > 0 }.map { rate, share in
            balance.lump(share, at: rate, named: name)
        }
    }

    /// Goods, discount and shipping that are left of every rate, where they make up what is left
    /// of it; otherwise one line with that sum.
    private static func rest(
        of balance: InvoiceBalance
    ) throws(CreditNoteFailure) -> [RateGroup] {
        guard balance.gross.minor > 0 else { throw .nothing }
        return balance.rates.filter { $0.gross > 0 }.map { rate in
            if let group = balance.rest(at: rate) { return group }
            let name = balance.isShippingAlone(rate) ? balance.reasons[.shipping] : nil
            return balance.lump(
                rate.gross,
                at: rate,
                named: name ?? "Rest de storno la factura \(balance.original.number)"
            )
        }
    }
}

extension InvoiceBalance {
    /// What the invoice calls its discount and its shipping.
    fileprivate var reasons: [InvoiceAdjustment.Kind: String] {
        original.adjustments.reduce(into: [:]) { $0[$1.kind] = $1.reason }
    }

    /// Lines with what is credited of them.
    fileprivate func group(_ lines: [InvoiceLine], at rate: Rate) -> RateGroup {
        let gross = lines.reduce(0) { $0 + $1.gross.minor }
        return RateGroup(
            rate: rate.rate,
            lines: lines,
            vat: rate.vat(ofCrediting: gross, in: original.currency),
            currency: original.currency
        )
    }

    /// One line that credits an amount, rather than goods.
    fileprivate func lump(_ gross: Int64, at rate: Rate, named name: String) -> RateGroup {
        let place = rates.firstIndex { $0.rate == rate.rate } ?? 0
        let line = InvoiceLine(
            position: firstFreePosition + place,
            sku: nil,
            name: name,
            quantity: 1,
            net: Money(minor: gross, original.currency),
            gross: Money(minor: gross, original.currency),
            vatRate: rate.rate
        )
        return group([line], at: rate)
    }

    /// All that is left under a rate as it stands on the invoice.
    ///
    /// - Returns: nil if that does not make up what is left of its sum, as after an amount that was
    ///   no line's, or if goods that could bear its tax are not left.
    fileprivate func rest(at rate: Rate) -> RateGroup? {
        let left = lines.filter { $0.original.vatRate == rate.rate && $0.quantity > 0 }
        let group = RateGroup(
            rate: rate.rate,
            lines: left.map { $0.original.crediting($0.quantity, for: $0.gross) },
            discount: rate.discount,
            shipping: rate.shipping,
            vat: rate.vat,
            currency: original.currency
        )
        guard group.gross == rate.gross, group.goods > 0, group.canBeNetted else { return nil }
        return group
    }

    fileprivate func isShippingAlone(_ rate: Rate) -> Bool {
        rate.gross == rate.shipping && rate.discount == 0
            && !lines.contains { $0.original.vatRate == rate.rate && $0.gross.minor > 0 }
    }
}

extension InvoiceLine {
    /// A line of a credit note, whose net is yet to be found.
    fileprivate func crediting(_ quantity: Int, for gross: Money) -> InvoiceLine {
        var line = self
        line.quantity = quantity
        line.gross = gross
        line.net = gross
        return line
    }
}
