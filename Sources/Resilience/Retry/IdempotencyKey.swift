/// What a write carries so that it is carried out once, however often it is sent.
///
/// It stands in the signature of each function that may repeat a write, so that a write without
/// one cannot be repeated by mistake.
package struct IdempotencyKey: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// Takes 1 to 255 visible ASCII characters, which is what Stripe accepts; nil for others.
    package init?(_ text: String) {
        guard (1...255).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        description = text
    }

    /// A key of a kind and a number, such as `order-42`.
    package init(_ kind: StaticString, _ number: Int64) {
        description = "\(kind)-\(number)"
        precondition(IdempotencyKey(description) != nil, "a kind is a visible ASCII word")
    }

    /// A key of the nth try with something of its own key, such as `order-42-2`.
    package init(_ first: IdempotencyKey, attempt: Int) {
        description = "\(first.description)-\(attempt)"
    }
}
