import CCurl

/// Why there is no whole answer.
///
/// Whether the request was sent says the `Outcome` around it.
package enum HTTPClientError: Error, Equatable {
    /// The request cannot be written as HTTP.
    case malformedRequest(String)

    /// The deadline was over before anything began.
    case deadlineExceeded

    /// No handle of the pool became free in time.
    case poolExhausted

    case resolutionFailed(String)
    case connectionFailed(String)

    /// No TLS connection, or the peer's certificate does not prove who it is.
    case tlsFailed(String)

    case timedOut

    /// The connection ended before the whole answer was there.
    case connectionLost(String)

    /// What came is not HTTP.
    case malformedAnswer(String)

    /// The answer exceeds the limit, in bytes.
    case answerTooLarge(limit: Int)

    /// Anything else, by the number that libcurl gives it.
    case failed(code: Int, String)

    /// One of a few words, for metrics.
    package var label: StaticString {
        switch self {
        case .malformedRequest: "malformed_request"
        case .deadlineExceeded: "deadline_exceeded"
        case .poolExhausted: "pool_exhausted"
        case .resolutionFailed: "resolution_failed"
        case .connectionFailed: "connection_failed"
        case .tlsFailed: "tls_failed"
        case .timedOut: "timed_out"
        case .connectionLost: "connection_lost"
        case .malformedAnswer: "malformed_answer"
        case .answerTooLarge: "answer_too_large"
        case .failed: "failed"
        }
    }

    /// Translates the result of `curl_easy_perform`.
    init(_ code: CURLcode, wasSent: Bool, message: String) {
        self =
            switch code {
            case CURLE_URL_MALFORMAT: .malformedRequest(message)
            case CURLE_UNSUPPORTED_PROTOCOL where !wasSent: .malformedRequest(message)
            // An answer without a status line counts as HTTP/0.9, a protocol not allowed.
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
                .malformedAnswer(message)
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
                .resolutionFailed(message)
            case CURLE_COULDNT_CONNECT: .connectionFailed(message)
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
                CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
                CURLE_SSL_INVALIDCERTSTATUS:
                .tlsFailed(message)
            case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
                CURLE_SEND_FAIL_REWIND:
                .connectionLost(message)
            default: .failed(code: Int(code.rawValue), message)
            }
    }
}
