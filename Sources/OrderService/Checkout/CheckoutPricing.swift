import Commerce
import Resilience
import Web

/// Turns what somebody wants into priced lines; prices come from product-service alone.
struct CheckoutPricing: Sendable {
    let products: ProductServiceClient

    /// Prices items.
    ///
    /// - Throws: a `Problem`: 422 with a pointer for each SKU that does not exist, 503 if
    ///   product-service does not answer.
    func lines(
        _ items: [CheckoutInput.Item],
        until deadline: Deadline,
        _ calls: CallLog
    ) throws -> [Line] {
        let known: [String: Product]
        switch products.products(items.map(\.sku), until: deadline, calls) {
        case .executed(let products): known = products
        case .notExecuted, .unknown: throw Problem.dependencyUnavailable(retryAfter: 5)
        }
        let faults = items.enumerated().compactMap { index, item in
            known[item.sku] == nil
                ? Problem.Fault(
                    pointer: "/items/\(index)/sku",
                    code: "unknown_sku",
                    detail: "There is no such product."
                ) : nil
        }
        guard faults.isEmpty else {
            throw Problem(
                .unprocessableContent,
                "invalid_request",
                "The body has faults; see errors.",
                faults: faults
            )
        }
        do throws(Money.Failure) {
            var lines: [Line] = []
            for item in items {
                guard let product = known[item.sku] else { continue }
                lines.append(
                    try Line(
                        sku: item.sku,
                        name: product.name,
                        quantity: item.quantity,
                        unitPrice: product.price,
                        vatRate: product.vatRate
                    )
                )
            }
            return lines
        } catch {
            throw Problem.invalid(
                .unprocessableContent,
                pointer: "/items",
                code: "range",
                detail: "The sum is larger than an order can be."
            )
        }
    }
}
