import Commerce
import Web

/// What somebody corrects of a rejected document before it is issued.
struct InvoiceCorrection: Sendable {
    /// Whom it is for; nil if that was right.
    let buyer: InvoiceParty?
    /// Rates of an invoice that are replaced, each once; what the customer paid stays.
    let rates: [(from: VATRate, to: VATRate)]
    let reason: String

    /// Reads `{buyer?: {name, cui?, tradeRegister?, cnp?, address}, rates?: [{from, to}], reason}`.
    ///
    /// - Throws: a `Problem` with 400 or 422 and all faults.
    init(_ bytes: [UInt8]) throws(Problem) {
        let body = try BodyReader(bytes)
        buyer = body.object("buyer", Self.buyer)
        rates = body.objects("rates", count: 1...10, Self.rate) ?? []
        if Set(rates.map(\.from)).count < rates.count {
            body.report("rates", "value", "A rate is replaced once.")
        }
        let reason = body.string("reason", length: 1...500, required: true)
        try body.finish()
        guard let reason else { throw .internalError }
        self.reason = reason
    }

    private static func rate(_ body: BodyReader) -> (from: VATRate, to: VATRate)? {
        func rate(_ name: String) -> VATRate? {
            body.integer(name, in: 0...100, required: true).flatMap { VATRate(percent: Int($0)) }
        }
        let from = rate("from")
        let to = rate("to")
        guard let from, let to else { return nil }
        return (from, to)
    }

    private static func buyer(_ body: BodyReader) -> InvoiceParty? {
        let name = body.string("name", length: 1...200, required: true)
        let cui = CheckoutInput.cui(body)
        let tradeRegister = CheckoutInput.tradeRegister(body)
        let cnp = CheckoutInput.cnp(body)
        let address = body.object("address", required: true, CheckoutInput.address)
        if cui != nil, cnp != nil {
            body.report("cnp", "value", "A CNP is a person's; a company has a CUI.")
        }
        guard let name, let address else { return nil }
        return InvoiceParty(
            CheckoutSession.Billing(
                name: name,
                cui: cui,
                tradeRegister: tradeRegister,
                cnp: cnp,
                address: address
            )
        )
    }
}
