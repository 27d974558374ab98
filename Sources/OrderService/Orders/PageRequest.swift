import Web

/// `?page=0&size=20`: pages count from 0, a size is 1 to 100.
struct PageRequest: Sendable {
    let number: Int
    let size: Int

    init(_ query: Query) throws(Problem) {
        number = try Self.value(query, "page", in: 0...1_000_000) ?? 0
        size = try Self.value(query, "size", in: 1...100) ?? 20
    }

    private static func value(
        _ query: Query,
        _ name: String,
        in range: ClosedRange<Int>
    ) throws(Problem) -> Int? {
        guard let text = query[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw .invalid(
                .badRequest,
                pointer: "?\(name)",
                code: "range",
                detail: "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return value
    }
}
