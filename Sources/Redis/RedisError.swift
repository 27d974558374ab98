/// Why Redis gave no usable answer.
package enum RedisError: Error, Equatable {
    /// No connection could be made, or the server did not greet in time.
    case connectionFailed(String)

    /// No whole reply came in time.
    case timedOut

    /// The connection ended before the whole reply was there.
    case connectionLost(String)

    /// What came is not the protocol of Redis.
    case protocolViolation(String)

    /// No connection of the pool became free in time.
    case poolExhausted

    /// The breaker refused: Redis has just failed too often to be asked.
    case breakerOpen

    /// The client was closed.
    case closed

    /// The server refused the command.
    case server(RedisServerError)

    /// Whether the command may have been carried out although no answer says so.
    package var mayHaveTakenEffect: Bool {
        switch self {
        case .timedOut, .connectionLost, .protocolViolation: true
        case .connectionFailed, .poolExhausted, .breakerOpen, .closed, .server: false
        }
    }

    /// One of a few words, for metrics.
    package var label: StaticString {
        switch self {
        case .connectionFailed: "connection_failed"
        case .timedOut: "timed_out"
        case .connectionLost: "connection_lost"
        case .protocolViolation: "protocol_violation"
        case .poolExhausted: "pool_exhausted"
        case .breakerOpen: "breaker_open"
        case .closed: "closed"
        case .server: "server"
        }
    }
}

/// An error reply of the server: its first word and its whole text.
package struct RedisServerError: Error, Equatable {
    /// The first word of an error reply, which is what programs may rely on.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        package static let busy = Code(rawValue: "BUSY")
        package static let busyGroup = Code(rawValue: "BUSYGROUP")
        package static let clusterDown = Code(rawValue: "CLUSTERDOWN")
        package static let generic = Code(rawValue: "ERR")
        package static let loading = Code(rawValue: "LOADING")
        package static let masterDown = Code(rawValue: "MASTERDOWN")
        package static let misconfigured = Code(rawValue: "MISCONF")
        package static let noAuthentication = Code(rawValue: "NOAUTH")
        package static let noPermission = Code(rawValue: "NOPERM")
        package static let noReplicas = Code(rawValue: "NOREPLICAS")
        package static let noScript = Code(rawValue: "NOSCRIPT")
        package static let outOfMemory = Code(rawValue: "OOM")
        package static let readOnly = Code(rawValue: "READONLY")
        package static let wrongPassword = Code(rawValue: "WRONGPASS")
        package static let wrongType = Code(rawValue: "WRONGTYPE")
    }

    package let code: Code
    package let message: String

    package init(message: String) {
        self.message = message
        code = Code(rawValue: String(message.prefix { $0 != " " }))
    }
}
