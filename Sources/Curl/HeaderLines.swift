import CCurl

/// A request's header lines as the list that libcurl takes.
final class HeaderLines {
    private(set) var list: UnsafeMutablePointer<curl_slist>?

    init(of request: HTTPRequest) {
        for field in request.headers.fields {
            // «Name:» without a value would remove the header; this form sends it empty.
            append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // No «Expect: 100-continue», which would cost a second against services that ignore it.
        append("Expect:")
        if request.sendsBody, request.headers["Content-Type"] == nil { append("Content-Type:") }
    }

    deinit {
        curl_slist_free_all(list)
    }

    /// The corresponding C function is `curl_slist_append`.
    private func append(_ line: String) {
        guard let longer = curl_slist_append(list, line) else {
            preconditionFailure("there is memory for a header line")
        }
        list = longer
    }
}
