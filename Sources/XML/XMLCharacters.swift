/// The characters that XML 1.0 can hold (production 2 of its fifth edition).
package enum XMLCharacters {
    /// Whether a document can hold it, as it is or as a reference.
    package static func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x1_0000...0x10_FFFF: true
        default: false
        }
    }
}
