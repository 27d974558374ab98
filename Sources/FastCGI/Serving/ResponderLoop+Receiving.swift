import CLinux
import Glibc
import Resilience
import Synchronization
import Web

extension ResponderLoop {
    // How long the web server may take to read a last answer before the connection is closed.
    private static let drainTimeout = Duration.seconds(2)

    /// Reads what has arrived on a connection that the calling worker owns.
    func receive(_ connection: Connection, _ worker: Worker) {
        // Pairs with the store before the connection was armed: what the former owner did to it
        // is seen here.
        _ = connection.phase.load(ordering: .acquiring)
        guard connection.leftover.isEmpty else {
            let leftover = connection.leftover
            connection.leftover = []
            leftover.withUnsafeBufferPointer { process($0, of: connection, worker) }
            return
        }
        let count = recv(
            connection.descriptor,
            worker.buffer.baseAddress,
            worker.buffer.count,
            Int32(MSG_DONTWAIT)
        )
        if count > 0 {
            process(UnsafeBufferPointer(rebasing: worker.buffer[..<count]), of: connection, worker)
        } else if count < 0, errno == EAGAIN || errno == EINTR {
            waitForMore(connection)
        } else {
            end(connection)
        }
    }

    private func process(
        _ bytes: UnsafeBufferPointer<UInt8>,
        of connection: Connection,
        _ worker: Worker
    ) {
        guard !connection.isDraining else { return waitForMore(connection) }
        var cursor = 0
        while true {
            switch connection.gate.consume(bytes.span, from: &cursor) {
            case .incomplete:
                return waitForMore(connection)
            case .request(let request):
                if cursor < bytes.count { connection.leftover = Array(bytes[cursor...]) }
                return take(request, of: connection, worker)
            case .reply(let reply):
                guard send(reply, on: connection) else { return close(connection) }
            case .aborted(let reply, let keepsConnection):
                counters.abortedRequests.add()
                guard send(reply, on: connection) else { return close(connection) }
                guard keepsConnection else { return drain(connection) }
            case .refuse(let refusal):
                counters.count(refusal.reason.rawValue)
                return refuse(refusal, on: connection, worker)
            case .close(let violation):
                counters.count(violation.rawValue)
                return close(connection)
            }
        }
    }

    /// Has a request answered together with what else has arrived.
    private func take(
        _ admitted: AdmittedRequest,
        of connection: Connection,
        _ worker: Worker
    ) {
        clearDeadline(connection)
        connection.phase.store(.answering, ordering: .sequentiallyConsistent)
        counters.requests.add()
        counters.requestsInFlight.add()
        let request = Request(parameters: admitted.parameters, body: admitted.body)
        let exchange = Exchange(
            connection: connection,
            id: admitted.id,
            keepsConnection: admitted.keepsConnection,
            isHead: request.method == .head
        )
        worker.arrived.append((exchange, request))
    }

    /// Begins to answer what has arrived.
    func startArrived(_ worker: Worker) {
        guard !worker.arrived.isEmpty else { return }
        application.start(worker.arrived.map(\.request)) { place, step in
            let (exchange, request) = worker.arrived[place]
            switch step {
            case .answer(let response):
                answer(response, exchange, worker)
            case .handOver(let begin):
                let requestID = RequestID.of(request.parameters)
                let token = ReplyToken(loop: self, exchange: exchange, requestID: requestID)
                begin { token.reply($0) }
                token.handedOver()
            }
        }
        worker.arrived.removeAll(keepingCapacity: true)
    }

    /// Waits for the rest of what the connection is sending, or for the next request.
    private func waitForMore(_ connection: Connection) {
        guard !connection.isDraining else { return arm(connection) }
        guard !connection.gate.isIdle else { return becomeIdle(connection) }
        let isReadingBody = connection.gate.isReadingBody
        if !connection.hasDeadline || isReadingBody != connection.isBodyDeadline {
            connection.hasDeadline = true
            connection.isBodyDeadline = isReadingBody
            let timeout =
                isReadingBody ? configuration.receiveTimeout : configuration.headTimeout
            receiveDeadlines.set(.after(timeout), for: connection)
        }
        connection.phase.store(.receiving, ordering: .sequentiallyConsistent)
        arm(connection)
    }

    /// Keeps a connection without a pending request, unless the server is stopping.
    func becomeIdle(_ connection: Connection) {
        clearDeadline(connection)
        let hasLeftover = !connection.leftover.isEmpty
        connection.phase.store(.idle, ordering: .sequentiallyConsistent)
        // Asked after the phase is set: either this sees that the server stops, or the stopping
        // thread sees an idle connection.
        guard !isStopping || hasLeftover else { return close(connection) }
        arm(connection, orWritable: hasLeftover)
    }

    private func arm(_ connection: Connection, orWritable: Bool = false) {
        if !events.arm(connection, orWritable: orWritable) { close(connection) }
    }

    private func clearDeadline(_ connection: Connection) {
        guard connection.hasDeadline else { return }
        connection.hasDeadline = false
        receiveDeadlines.clear(connection)
    }

    /// The web server has closed its side, or the time for receiving ran out.
    private func end(_ connection: Connection) {
        if !connection.isDraining, !connection.gate.isIdle {
            if connection.isTimedOut.load(ordering: .acquiring) {
                counters.count(.timedOut)
            } else {
                counters.abortedRequests.add()
            }
        }
        close(connection)
    }

    func close(_ connection: Connection) {
        clearDeadline(connection)
        connections.close(connection)
    }

    /// Sends a short record without waiting; a peer with no room for it does not read.
    private func send(_ reply: ProtocolReply, on connection: Connection) -> Bool {
        let record = reply.record(maximumConnections: configuration.maximumConnections)
        return record.withUnsafeBytes { bytes in
            CLinux.send(
                connection.descriptor,
                bytes.baseAddress,
                bytes.count,
                Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
            ) == bytes.count
        }
    }

    private func refuse(_ refusal: Refusal, on connection: Connection, _ worker: Worker) {
        guard let problem = refusal.problem else {
            guard send(refusal.reply, on: connection) else { return close(connection) }
            return drain(connection)
        }
        let exchange = Exchange(
            connection: connection,
            id: refusal.id,
            keepsConnection: false,
            isHead: false
        )
        guard hasRoom(for: problem, on: connection), write(problem, exchange, worker.channel) else {
            return close(connection)
        }
        drain(connection)
    }

    /// Says that nothing more is coming and waits until the web server has closed: closing with
    /// unread bytes at once could take the answer away from it.
    private func drain(_ connection: Connection) {
        shutdown(connection.descriptor, Int32(SHUT_WR))
        connection.isDraining = true
        connection.leftover = []
        connection.hasDeadline = true
        receiveDeadlines.set(.after(Self.drainTimeout), for: connection)
        connection.phase.store(.receiving, ordering: .sequentiallyConsistent)
        arm(connection)
    }
}
