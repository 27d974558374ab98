import Commerce
import Logging
import MariaDB
import Web

/// Turns errors into problems: the one place that decides what a client learns of a failure.
enum ErrorMapping {
    static func problem(
        for error: any Error,
        _ route: String,
        _ requestID: String,
        _ logger: Logger
    ) -> Problem {
        switch error {
        case let problem as Problem:
            return problem
        case let error as IllegalTransition<OrderStatus>:
            return Problem(error)
        case let error as IllegalTransition<RefundStatus>:
            return Problem(
                .conflict,
                "illegal_transition",
                "A refund that is \(error.status.rawValue) does not allow this.",
                extensions: [
                    ("refundStatus", .string(error.status.rawValue)), ("allowed", .array([])),
                ]
            )
        case let error as InvoiceStore.DayToCome:
            return Problem(
                .conflict,
                "illegal_transition",
                "Nothing can be issued before that day: \(error).",
                extensions: [
                    ("invoiceState", .string(InvoiceState.rejected.rawValue)),
                    ("allowed", .array([])),
                ]
            )
        case is IdempotencyLost:
            return .idempotencyInProgress
        // The breaker has told why, once.
        case MariaDBError.breakerOpen:
            return .dependencyUnavailable(retryAfter: 1)
        case let error as MariaDBError where error.isUnavailability:
            logger.error(
                "MariaDB is not available",
                metadata: ["route": "\(route)", "requestId": "\(requestID)", "error": "\(error)"]
            )
            return .dependencyUnavailable(retryAfter: 1)
        default:
            logger.error(
                "a request failed",
                metadata: ["route": "\(route)", "requestId": "\(requestID)", "error": "\(error)"]
            )
            return .internalError
        }
    }
}

extension MariaDBError {
    /// Whether the database could not be reached or did not answer in time, as opposed to a
    /// statement of ours that it refused.
    var isUnavailability: Bool {
        switch self {
        case .connectFailed, .poolExhausted, .breakerOpen, .deadlineExpired, .commitOutcomeUnknown,
            .rollbackFailed, .closed:
            true
        case .failed(let failure): failure.code.isUnavailability
        case .decoding: false
        }
    }
}

extension Problem {
    /// A move that the order's state forbids, with what it allows instead.
    init(_ error: IllegalTransition<OrderStatus>) {
        let allowed = error.allowed.map { JSON.string($0.rawValue) }
        self.init(
            .conflict,
            "illegal_transition",
            "An order that is \(error.status.rawValue) does not allow this.",
            extensions: [
                ("orderStatus", .string(error.status.rawValue)), ("allowed", .array(allowed)),
            ]
        )
    }
}
