extension Unicode.Scalar {
    /// Whether it steers a terminal or the direction of text instead of being shown: controls,
    /// separators of lines and paragraphs, and the marks that turn text around (UAX #9).
    package var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: properties.isBidiControl
        }
    }

    /// Whether nothing of it is seen by itself: a blank, a mark without a letter, what has no form.
    fileprivate var showsNothing: Bool {
        if properties.isNoncharacterCodePoint { return true }
        // A braille cell without a dot and a note without a head are symbols to Unicode.
        if self == "\u{2800}" || self == "\u{1D159}" { return true }
        if properties.isWhitespace || properties.isDefaultIgnorableCodePoint { return true }
        return switch properties.generalCategory {
        case .control, .format, .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}

extension StringProtocol {
    /// Whether nothing of the text is seen; nothing is seen of an empty one.
    package var showsNothing: Bool { unicodeScalars.allSatisfy(\.showsNothing) }
}
