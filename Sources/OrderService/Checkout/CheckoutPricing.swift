import Commerce
import Resilience
import Web

/// Turns what somebody wants into priced lines; prices come from product-service alone.
struct CheckoutPricing: Sendable {
    let products: ProductServiceClient

    struct Priced: Sendable {
        let lines: [Line]
        /// Whether product-service was away, and the prices are those of an earlier answer.
        let isFromSnapshot: Bool
    }

    /// Prices items.
    ///
    /// - Parameters:
    ///   - items: each SKU once.
    ///   - snapshot: lines priced before; their prices stand while product-service is away.
    ///   - deadline: of the request.
    ///   - calls: where the request's log line finds the call.
    /// - Returns: a line for each item, in order.
    /// - Throws: a `Problem`: 422 with a pointer for each SKU that does not exist, 503 if
    ///   product-service does not answer and the snapshot lacks one.
    func lines(
        _ items: [CheckoutInput.Item],
        snapshot: [Line] = [],
        until deadline: Deadline,
        _ calls: CallLog
    ) throws -> Priced {
        switch products.products(items.map(\.sku), until: deadline, calls) {
        case .executed(let known):
            return Priced(lines: try Self.lines(items, known), isFromSnapshot: false)
        case .notExecuted(let failure), .unknown(let failure):
            let known = Dictionary(snapshot.map { ($0.sku, Product($0)) }) { first, _ in first }
            guard items.allSatisfy({ known[$0.sku] != nil }) else {
                throw Problem.dependencyUnavailable(after: failure)
            }
            return Priced(lines: try Self.lines(items, known), isFromSnapshot: true)
        }
    }

    private static func lines(
        _ items: [CheckoutInput.Item],
        _ known: [String: Product]
    ) throws -> [Line] {
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
