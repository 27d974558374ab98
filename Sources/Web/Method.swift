/// A request method of RFC 9110; what this service never serves is `other`.
package enum Method: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
    case other = "OTHER"

    /// Whether the content of a request has a meaning (RFC 9110, section 9.3).
    package var hasBody: Bool { self == .post || self == .put || self == .patch }

    /// Reads a method's name as it stands in the request; names are case-sensitive.
    package init(bytes: some Collection<UInt8>) {
        self =
            switch bytes.first {
            case UInt8(ascii: "G") where bytes.elementsEqual("GET".utf8): .get
            case UInt8(ascii: "H") where bytes.elementsEqual("HEAD".utf8): .head
            case UInt8(ascii: "P") where bytes.elementsEqual("POST".utf8): .post
            case UInt8(ascii: "P") where bytes.elementsEqual("PATCH".utf8): .patch
            case UInt8(ascii: "P") where bytes.elementsEqual("PUT".utf8): .put
            case UInt8(ascii: "D") where bytes.elementsEqual("DELETE".utf8): .delete
            case UInt8(ascii: "O") where bytes.elementsEqual("OPTIONS".utf8): .options
            default: .other
            }
    }
}
