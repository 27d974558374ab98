/// A request to another service.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method

    /// An absolute `http` or `https` URL, already percent-encoded.
    package var url: String

    package var headers: HTTPHeaders

    package var body: [UInt8]

    /// Limits resolving, connecting and the TLS handshake together, inside of the deadline.
    package var connectTimeout: Duration

    package init(
        method: Method,
        url: String,
        headers: HTTPHeaders = [:],
        body: [UInt8] = [],
        connectTimeout: Duration = .seconds(1)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
    }

    /// Whether the request does no harm if it is sent twice.
    ///
    /// The methods are those of RFC 9110 section 9.2.2; `Idempotency-Key` makes the others so.
    var isRepeatable: Bool {
        switch method {
        case .get, .head, .put, .delete: true
        case .post, .patch: headers["Idempotency-Key"]?.isEmpty == false
        }
    }

    var sendsBody: Bool {
        switch method {
        case .post, .put, .patch: true
        case .get, .head, .delete: !body.isEmpty
        }
    }

    /// What is wrong with the request, if anything: characters that would end a line early or
    /// that libcurl would guess about.
    var flaw: String? {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            return "the URL is not absolute"
        }
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return "the URL is not percent-encoded"
        }
        for field in headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(\.isNameCharacter) else {
                return "a header has no proper name"
            }
            guard field.value.utf8.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else {
                return "the header \(field.name) has a control character"
            }
        }
        return nil
    }
}

extension UInt8 {
    /// A character of a token, RFC 9110 section 5.6.2.
    fileprivate var isNameCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
