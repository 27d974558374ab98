import CLinux
import Resilience
import Web

extension ResponderLoop {
    // An answer up to this size fits the buffer of a socket from which everything has been read:
    // libfcgi writes pieces of 8 KiB, which the kernel charges with up to 17 KiB of a unix
    // socket's 208 KiB.
    private static let buffered = 65_536
    // Nearly twice its size is charged for a piece, and what the kernel notes of it.
    private static let headSize = 1_024
    private static let overhead = 2_560

    /// Answers on a worker's thread, or hands the writing over if it might block.
    func answer(_ response: Response, _ exchange: Exchange, _ worker: Worker) {
        guard hasRoom(for: response, on: exchange.connection) else {
            return handToWriters(response, exchange)
        }
        conclude(exchange, isWritten: write(response, exchange, worker.channel))
    }

    /// Answers on the calling thread, unless writing might block and it may not wait.
    ///
    /// It waits only to write what fits no buffer, and not for a peer to read what it was answered before:
    /// that would hold up all who have to be answered on the thread after it.
    func answer(_ response: Response, _ exchange: Exchange, mayWait: Bool) {
        let isLong = response.body.count > Self.buffered
        guard mayWait && isLong || hasRoom(for: response, on: exchange.connection) else {
            return handToWriters(response, exchange)
        }
        answer(response, exchange)
    }

    private func handToWriters(_ response: Response, _ exchange: Exchange) {
        let isTaken = writers.submit { self.answer(response, exchange) }
        if !isTaken {
            counters.count(.writersBusy)
            conclude(exchange, isWritten: false)
        }
    }

    /// Answers on the calling thread; blocks while the web server does not read.
    private func answer(_ response: Response, _ exchange: Exchange) {
        do throws(ServerError) {
            let isWritten = try channels.withChannel { write(response, exchange, $0) }
            conclude(exchange, isWritten: isWritten)
        } catch {
            counters.count(.outOfDescriptors)
            conclude(exchange, isWritten: false)
        }
    }

    /// Whether an answer can be written without waiting.
    ///
    /// A peer that pipelines requests may not have read the former answers. The kernel is asked only
    /// when these may have filled a good part of the buffer, which for small ones is rarely.
    func hasRoom(for response: Response, on connection: Connection) -> Bool {
        guard response.body.count <= Self.buffered else { return false }
        let charge = 2 * (response.body.count + Self.headSize) + Self.overhead
        if connection.unreadCharge + charge > Self.buffered {
            guard clinux_unsent_bytes(connection.descriptor) == 0 else { return false }
            connection.unreadCharge = 0
        }
        connection.unreadCharge += charge
        return true
    }

    func write(_ response: Response, _ exchange: Exchange, _ channel: AnswerChannel) -> Bool {
        let deadline = Deadline.after(configuration.sendTimeout)
        let isWritten = channel.write(response, for: exchange, until: deadline)
        if channel.droppedFields > 0 { counters.droppedFields.add(channel.droppedFields) }
        return isWritten
    }

    /// Ends an exchange and lets the connection go on, if it can.
    private func conclude(_ exchange: Exchange, isWritten: Bool) {
        counters.requestsInFlight.add(-1)
        if !isWritten { counters.failedAnswers.add() }
        guard isWritten, exchange.keepsConnection else { return close(exchange.connection) }
        becomeIdle(exchange.connection)
    }
}

extension Refusal {
    /// The answer to the client, if it is the client's doing.
    var problem: Response? {
        let problem: Problem? =
            switch reason {
            case .unknownRole, .multiplexing: nil
            case .parametersTooLarge:
                Problem(
                    .requestHeaderFieldsTooLarge,
                    "header_fields_too_large",
                    "The request's header fields are too large."
                )
            case .bodyTooLarge:
                Problem(.contentTooLarge, "body_too_large", "The request's body is too large.")
            case .malformedLength:
                Problem(.badRequest, "malformed_length", "The request's length is no number.")
            }
        let requestID = RequestID.of(parameters ?? .none)
        return problem.map { problem in
            problem.response(requestID: requestID).with("X-Request-Id", requestID)
        }
    }

    /// The answer to the web server.
    var reply: ProtocolReply {
        let status: ProtocolStatus =
            switch reason {
            case .unknownRole: .unknownRole
            case .multiplexing: .cannotMultiplex
            default: .requestComplete
            }
        return .endRequest(id, status)
    }
}
