/// Text of HTML whose values are escaped.
///
/// Interpolation can only escape, so no value becomes markup:
/// ```swift
/// let cell: HTML = "<td>\(product.name)</td>"
/// ```
package struct HTML: Sendable, Equatable {
    package private(set) var text: String

    /// The pieces, one after the other.
    package init(_ pieces: [HTML]) {
        text = pieces.map(\.text).joined()
    }

    private init(text: String) {
        self.text = text
    }
}

extension HTML: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        self.init(text: value)
    }

    package init(stringInterpolation: StringInterpolation) {
        self.init(text: stringInterpolation.text)
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// Writes a value as text, between tags and in quoted attributes alike; what is no character
        /// to be shown, such as a control or a mark that turns text around, becomes a blank.
        package mutating func appendInterpolation(_ value: String) {
            for scalar in value.unicodeScalars {
                switch scalar {
                case "&": text += "&amp;"
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                case "\"": text += "&quot;"
                case "'": text += "&#39;"
                case _ where scalar.isControl: text += " "
                default: text.unicodeScalars.append(scalar)
                }
            }
        }

        package mutating func appendInterpolation(_ value: Int) {
            text += String(value)
        }

        /// Inserts markup.
        package mutating func appendInterpolation(_ markup: HTML) {
            text += markup.text
        }

        /// Inserts markup, piece after piece.
        package mutating func appendInterpolation(_ markup: [HTML]) {
            for piece in markup { text += piece.text }
        }
    }
}
