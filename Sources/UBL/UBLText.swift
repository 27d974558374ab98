internal import XML

/// Texts as a document can hold them.
enum UBLText {
    /// A text without control characters, with single blanks for any white space, cut to the
    /// limit.
    ///
    /// The limits of CIUS-RO count Unicode scalars (`string-length` of XPath). The cut falls
    /// between characters as readers see them, so that no letter loses its diacritics and no emoji
    /// its parts; only a single character longer than the limit is cut itself.
    ///
    /// - Parameters:
    ///   - text: of any length.
    ///   - limit: in Unicode scalars.
    /// - Returns: nil if nothing is left.
    static func fitting(_ text: String, _ limit: Int) -> String? {
        let cut = cut(clean(text), limit)
        return cut.isEmpty ? nil : cut
    }

    private static func clean(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        var blank = false
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                blank = !clean.isEmpty
            } else if isWritten(scalar) {
                if blank { clean.append(" ") }
                blank = false
                clean.append(scalar)
            }
        }
        return String(clean)
    }

    /// XML has places for controls above U+007F and for non-characters of the higher planes, but
    /// nobody to read them.
    private static func isWritten(_ scalar: Unicode.Scalar) -> Bool {
        XMLCharacters.contains(scalar) && scalar.properties.generalCategory != .control
            && !scalar.properties.isNoncharacterCodePoint
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        guard text.unicodeScalars.count > limit else { return text }
        var room = limit
        var end = text.startIndex
        for index in text.indices {
            room -= text[index].unicodeScalars.count
            if room < 0 { break }
            end = text.index(after: index)
        }
        let cut =
            end > text.startIndex
            ? String(text[..<end]) : String(text.unicodeScalars.prefix(limit))
        return cut.hasSuffix(" ") ? String(cut.dropLast()) : cut
    }
}
