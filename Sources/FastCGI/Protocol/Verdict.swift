import Web

/// A request that arrived whole and within the limits.
struct AdmittedRequest {
    let id: UInt16
    /// Whether the web server wants to go on using the connection.
    let keepsConnection: Bool
    let parameters: Parameters
    let body: [UInt8]
}

/// What the gate found in the bytes of a connection.
enum Verdict {
    /// All bytes belong to something that has not arrived wholly.
    case incomplete
    case request(AdmittedRequest)
    /// Answered without the application; the connection goes on.
    case reply(ProtocolReply)
    /// The web server gave its request up before it was whole.
    case aborted(ProtocolReply, keepsConnection: Bool)
    /// A well-formed request that is not served: it is answered, then the connection is closed.
    case refuse(Refusal)
    /// Not the protocol: the connection is closed without an answer.
    case close(Violation)
}

/// A well-formed request that is not served.
struct Refusal: Equatable {
    enum Reason: String, CaseIterable, Sendable {
        case unknownRole = "unknown_role"
        case multiplexing
        case parametersTooLarge = "parameters_too_large"
        case bodyTooLarge = "body_too_large"
        case malformedLength = "malformed_length"
    }

    let id: UInt16
    let reason: Reason
    /// Nil if they were not whole when it was decided.
    let parameters: Parameters?

    init(_ reason: Reason, id: UInt16, parameters: Parameters? = nil) {
        self.reason = reason
        self.id = id
        self.parameters = parameters
    }

    static func == (first: Refusal, second: Refusal) -> Bool {
        first.id == second.id && first.reason == second.reason
    }
}

/// Bytes that break the protocol, or a way of using it that this server does not accept.
enum Violation: String, CaseIterable, Error {
    case version
    case requestID = "request_id"
    case unexpectedRecord = "unexpected_record"
    case malformedRecord = "malformed_record"
    case malformedParameters = "malformed_parameters"
    case oversizedManagement = "oversized_management"
    case lengthMismatch = "length_mismatch"
}
