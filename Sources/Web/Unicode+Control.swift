extension Unicode.Scalar {
    /// Whether it steers a terminal or the direction of text instead of being shown: controls,
    /// separators of lines and paragraphs, and the marks that turn text around (UAX #9).
    package var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: properties.isBidiControl
        }
    }

    /// Whether nothing of it is seen: what has no form, and a braille cell without a dot.
    var isUnseen: Bool { properties.isDefaultIgnorableCodePoint || self == "\u{2800}" }
}
