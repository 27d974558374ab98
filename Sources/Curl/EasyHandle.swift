import CCurl
import Resilience

/// A handle of libcurl with the connections that it keeps, used by one request at a time.
package struct EasyHandle: ~Copyable {
    /// What libcurl says when a transfer has ended.
    struct Result {
        var code: CURLcode
        /// libcurl's own words about an error.
        var message: String
        var status: Int
        var duration: Duration
        /// Whether any byte of the request was given to a connection, in any of libcurl's tries.
        var wasSent: Bool
    }

    private static let initialization: CURLcode = curl_global_init(CLong(CURL_GLOBAL_DEFAULT))

    private let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>

    /// The corresponding C functions are `curl_global_init`, once, and `curl_easy_init`.
    init() {
        precondition(Self.initialization == CURLE_OK, "libcurl initialises")
        guard let handle = curl_easy_init() else {
            preconditionFailure("there is memory for a handle of libcurl")
        }
        self.handle = handle
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(handle)
        errorText.deallocate()
    }

    /// Blocks until the request has ended in any way, at most until `deadline`.
    ///
    /// The corresponding C functions are `curl_easy_perform` and `curl_easy_reset`, which keeps
    /// the connections.
    func perform(
        _ request: HTTPRequest,
        _ configuration: HTTPClientConfiguration,
        until deadline: Deadline,
        into transfer: Transfer
    ) -> Result {
        defer { curl_easy_reset(handle) }
        errorText[0] = 0
        var options = EasyOptions(handle)
        options.set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        options.setGeneral(configuration)
        options.set(request)
        options.setTimeouts(request.connectTimeout, until: deadline)
        let lines = HeaderLines(of: request)
        options.set(CURLOPT_HTTPHEADER, UnsafeMutableRawPointer(lines.list))
        return withExtendedLifetime((transfer, lines)) {
            options.setCallbacks(into: transfer)
            let code = options.failure ?? curl_easy_perform(handle)
            return result(code)
        }
    }

    private func result(_ code: CURLcode) -> Result {
        let detail = String(cString: errorText)
        var microseconds: curl_off_t = 0
        ccurl_getinfo_int64(handle, CURLINFO_TOTAL_TIME_T, &microseconds)
        return Result(
            code: code,
            message: detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail,
            status: long(CURLINFO_RESPONSE_CODE),
            duration: .microseconds(microseconds),
            // Counts all tries: one that libcurl repeated by itself, and which then was refused,
            // was sent nevertheless.
            wasSent: long(CURLINFO_REQUEST_SIZE) > 0
        )
    }

    private func long(_ field: CURLINFO) -> Int {
        var value: CLong = 0
        ccurl_getinfo_long(handle, field, &value)
        return value
    }
}
