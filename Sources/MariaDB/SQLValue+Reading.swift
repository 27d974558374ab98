extension FixedWidthInteger {
    init?(sqlValue: SQLValue) {
        switch sqlValue {
        case .int(let value): self.init(exactly: value)
        case .uint(let value): self.init(exactly: value)
        default: return nil
        }
    }
}

extension Double {
    /// A floating-point number, an integer, or a `DECIMAL`, which comes as text.
    init?(sqlValue: SQLValue) {
        switch sqlValue {
        case .double(let value): self = value
        case .int(let value): self.init(exactly: value)
        case .uint(let value): self.init(exactly: value)
        case .string(let text): self.init(text)
        default: return nil
        }
    }
}

extension Bool {
    init?(sqlValue: SQLValue) {
        switch sqlValue {
        case .int(let value): self = value != 0
        case .uint(let value): self = value != 0
        default: return nil
        }
    }
}

extension String {
    init?(sqlValue: SQLValue) {
        guard case .string(let text) = sqlValue else { return nil }
        self = text
    }
}

extension [UInt8] {
    init?(sqlValue: SQLValue) {
        switch sqlValue {
        case .bytes(let bytes): self = bytes
        case .string(let text): self = Array(text.utf8)
        default: return nil
        }
    }
}

extension Timestamp {
    init?(sqlValue: SQLValue) {
        guard case .dateTime(let timestamp) = sqlValue else { return nil }
        self = timestamp
    }
}
