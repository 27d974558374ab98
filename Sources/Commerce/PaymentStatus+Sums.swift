/// What a captured payment is by its sums, all in minor units.
extension PaymentStatus {
    /// What it is once so much of what was captured has been given back.
    ///
    /// A disputed payment stays disputed, and one that was never captured stays what it is.
    package func afterRefunds(of refunded: Int64, captured: Int64, asked: Int64) -> PaymentStatus {
        do throws(IllegalTransition<PaymentStatus>) {
            guard refunded <= 0 else {
                return try after(refunded >= captured ? .refundAll : .refundPart)
            }
            let paid = try after(.refundNothing)
            return captured > asked ? try paid.after(.overpay) : paid
        } catch {
            return self
        }
    }

    /// What a disputed payment is once nobody disputes it.
    ///
    /// - Throws: `IllegalTransition` where nobody did.
    package func afterDisputes(
        refunded: Int64,
        captured: Int64,
        asked: Int64
    ) throws(IllegalTransition<PaymentStatus>) -> PaymentStatus {
        try after(.endDispute).afterRefunds(of: refunded, captured: captured, asked: asked)
    }
}
