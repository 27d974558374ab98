import CFastCGI
import CLinux
import Resilience
import Web

/// Writes answers through libfcgi, one at a time.
///
/// libfcgi is never shown a byte of the wire: its reader overflows its stack on a GET_VALUES
/// record and dies on parameters with huge lengths (2.4.2-2+deb12u1), may block on a silent peer,
/// and reads ahead into the next request. The gate has read the request already, so the library
/// gets one of our making, BEGIN_REQUEST with the same id and two empty streams, from a file in
/// memory; then the connection's descriptor takes the file's place for the answer.
///
/// Sendable because the pool lends a channel to one thread at a time.
final class AnswerChannel: @unchecked Sendable {
    // On the heap and never moved, because the streams point back to it.
    private let request: UnsafeMutablePointer<FCGX_Request>
    private let file: Int32
    /// Of the request that the file has.
    private var fileID: UInt16?
    private var head = ResponseHead()

    // A body is passed on in pieces, to look at the clock in between.
    private static let pieceSize = 65_536

    init() throws(ServerError) {
        try Library.initialise()
        file = clinux_memory_file("fastcgi-request")
        guard file >= 0 else { throw .last("memfd_create") }
        request = .allocate(capacity: 1)
        request.initialize(to: FCGX_Request())
        FCGX_InitRequest(request, -1, 0)
    }

    deinit {
        FCGX_Free(request, 0)
        request.deallocate()
        close(file)
    }

    /// Fields left out of the last answer's head.
    var droppedFields: Int { head.droppedFields }

    /// Writes a whole answer with its END_REQUEST record; blocks while the peer's buffer is full.
    ///
    /// - Parameters:
    ///   - response: what to write.
    ///   - exchange: the request that it answers.
    ///   - deadline: after it nothing more is begun; a single write lasts as long as the
    ///     descriptor's send timeout.
    /// - Returns: false if the peer did not take all of it; the connection is then of no use.
    func write(_ response: Response, for exchange: Exchange, until deadline: Deadline) -> Bool {
        open(exchange)
        head.write(response)
        let isHeadWritten = head.bytes.withUnsafeBufferPointer { put($0) }
        var isWritten = isHeadWritten
        if isHeadWritten, !exchange.isHead, !response.status.isBodiless, !response.body.isEmpty {
            isWritten = response.body.withUnsafeBufferPointer { body in
                putAll(body, until: deadline)
            }
        }
        return finish(completely: isWritten)
    }

    /// The corresponding C function is `FCGX_Accept_r`.
    private func open(_ exchange: Exchange) {
        let isReady = rewind(to: exchange.id)
        precondition(isReady, "a file in memory takes 32 bytes, and begins at 0")
        request.pointee.ipcFd = file
        // Both keep the library from closing a descriptor, here or at the finish.
        request.pointee.keepConnection = 1
        request.pointee.detached = 1
        let code = FCGX_Accept_r(request)
        precondition(code == 0, "libfcgi accepts a request of our making")
        request.pointee.ipcFd = exchange.connection.descriptor
    }

    /// Lets the file be read from its beginning, where a request with this id stands; a web server that
    /// does not multiplex has the same one always.
    private func rewind(to id: UInt16) -> Bool {
        guard fileID != id else { return lseek(file, 0, SEEK_SET) == 0 }
        fileID = id
        let high = UInt8(id >> 8)
        let low = UInt8(id & 0xFF)
        let version = RecordLayout.version
        let records: InlineArray<32, UInt8> = [
            version, RecordType.beginRequest.rawValue, high, low, 0, 8, 0, 0,
            0, UInt8(Role.responder), RecordLayout.keepConnectionFlag, 0, 0, 0, 0, 0,
            version, RecordType.parameters.rawValue, high, low, 0, 0, 0, 0,
            version, RecordType.standardInput.rawValue, high, low, 0, 0, 0, 0,
        ]
        return records.span.withUnsafeBytes { bytes in
            pwrite(file, bytes.baseAddress, bytes.count, 0) == bytes.count
        } && lseek(file, 0, SEEK_SET) == 0
    }

    /// The corresponding C function is `FCGX_PutStr`.
    private func put(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { text in
            FCGX_PutStr(text, Int32(bytes.count), request.pointee.out) == Int32(bytes.count)
        }
    }

    private func putAll(_ body: UnsafeBufferPointer<UInt8>, until deadline: Deadline) -> Bool {
        var start = 0
        while start < body.count {
            if start > 0, deadline.isExpired { return false }
            let end = min(start + Self.pieceSize, body.count)
            guard put(UnsafeBufferPointer(rebasing: body[start..<end])) else { return false }
            start = end
        }
        return true
    }

    /// Ends the streams, which writes END_REQUEST, and frees them; `FCGX_Finish_r` without its
    /// closing of the descriptor, which is the connection table's to close.
    private func finish(completely: Bool) -> Bool {
        var isFinished = completely
        if completely {
            isFinished = FCGX_FClose(request.pointee.err) == 0 && isFinished
            isFinished = FCGX_FClose(request.pointee.out) == 0 && isFinished
        }
        FCGX_Free(request, 0)
        request.pointee.ipcFd = -1
        return isFinished
    }
}
