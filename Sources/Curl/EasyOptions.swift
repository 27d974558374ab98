import CCurl
import Resilience

/// Sets a handle's options and remembers the first that libcurl refused.
struct EasyOptions {
    private let handle: UnsafeMutableRawPointer
    private(set) var failure: CURLcode?

    init(_ handle: UnsafeMutableRawPointer) {
        self.handle = handle
    }

    mutating func setGeneral(_ configuration: HTTPClientConfiguration) {
        // Without it, a timeout while resolving is a SIGALRM.
        set(CURLOPT_NOSIGNAL, 1)
        // Without it, a timeout while resolving waits for the resolver's thread.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        // HTTP/2 has more ways to send a request again than `HTTPClient` can account for.
        set(CURLOPT_HTTP_VERSION, CLong(CURL_HTTP_VERSION_1_1))
        // The environment's proxy is not a setting of ours.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_MAXAGE_CONN, CLong(configuration.maximumIdle.components.seconds))
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_USERAGENT, configuration.userAgent)
        if let file = configuration.authorityFile { set(CURLOPT_CAINFO, file) }
    }

    mutating func set(_ request: HTTPRequest) {
        set(CURLOPT_URL, request.url)
        switch request.method {
        case .head: set(CURLOPT_NOBODY, 1)
        case .get where request.body.isEmpty: set(CURLOPT_HTTPGET, 1)
        default: set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        if request.sendsBody {
            set(CURLOPT_POSTFIELDSIZE, request.body.count)
            // Copied, so that no pointer outlives this call. An empty one needs an address, too,
            // because libcurl would read standard input without.
            var body = request.body.isEmpty ? [0] : request.body
            let code = body.withUnsafeMutableBytes {
                ccurl_setopt_pointer(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
            }
            note(code)
        }
        // On a kept connection that ends without an answer, libcurl sends the request again by
        // itself, and cannot be told not to. So what must not be sent twice gets a new one.
        if !request.isRepeatable { set(CURLOPT_FRESH_CONNECT, 1) }
    }

    /// Zero would mean no limit, or five minutes.
    mutating func setTimeouts(_ connectTimeout: Duration, until deadline: Deadline) {
        let remaining = deadline.remaining
        set(CURLOPT_TIMEOUT_MS, max(1, CLong(remaining.wholeMilliseconds)))
        let connecting = min(connectTimeout, remaining)
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, CLong(connecting.wholeMilliseconds)))
    }

    /// The transfer has to stay alive until `curl_easy_perform` has returned.
    mutating func setCallbacks(into transfer: Transfer) {
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        set(CURLOPT_HEADERDATA, context)
        set(CURLOPT_WRITEDATA, context)
        note(
            ccurl_setopt_write(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return transfer.takeHeaderLine(line) ? line.count : 0
            }
        )
        note(
            ccurl_setopt_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return transfer.takeBody(piece) ? piece.count : 0
            }
        )
    }

    mutating func set(_ option: CURLoption, _ value: CLong) {
        note(ccurl_setopt_long(handle, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: String) {
        note(ccurl_setopt_string(handle, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        note(ccurl_setopt_pointer(handle, option, value))
    }

    private mutating func note(_ code: CURLcode) {
        if code != CURLE_OK, failure == nil { failure = code }
    }
}
